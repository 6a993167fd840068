// The chat page: one conversation per address (?conversation=NAME, default main), one connection for all of its tabs.
import { FairwayClient, textOf } from "/fairway-client.js";

const conversation = new URLSearchParams(location.search).get("conversation") || "main";
const client = new FairwayClient();
const by = (id) => document.getElementById(id);
const [status, notice, signIn, ask, prompt, stop, older, turns, empty] =
  ["status", "notice", "sign-in", "ask", "prompt", "stop", "older", "turns", "empty"].map(by);
const words = { connecting: "connecting", live: "answering", reconnecting: "reconnecting", idle: "ready", refused: "not connected" };
const CONTEXT = 20; // turns that go to the model again
const kinds = { live: "live", reconnecting: "stale", refused: "lost" };

let follower = null;
let before = null;

// ----- what is on the page

function addTurn(version, asked, atTop) {
  const turn = by("turn").content.cloneNode(true).firstElementChild;
  turn.dataset.version = version;
  turn.querySelector(".asked").textContent = asked;
  if (atTop) turns.prepend(turn);
  else turns.append(turn);
  empty.hidden = true;
  return turn;
}

function turnOf(version) {
  return turns.querySelector(`[data-version="${version}"]`);
}

function endTurn(turn, text, isBad) {
  if (!turn) return;
  turn.classList.remove("live");
  const line = turn.querySelector(".end");
  line.textContent = text;
  line.hidden = text === "";
  line.classList.toggle("bad", Boolean(isBad));
}

function isAtFoot() {
  return window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 80;
}

function keepAtFoot(change) {
  const stay = isAtFoot();
  change();
  if (stay) window.scrollTo(0, document.documentElement.scrollHeight);
}

function questionOf(messages) {
  const content = messages.filter((message) => message.role === "user").at(-1)?.content ?? "";
  return typeof content === "string" ? content : JSON.stringify(content);
}

// What the model is told of the conversation so far: whole answers only.
function messagesWith(question) {
  const past = [...turns.querySelectorAll(".turn:not(.live)")].slice(-CONTEXT).flatMap((turn) => {
    const [asked, answer] = [turn.querySelector(".asked").textContent, turn.querySelector(".answer").textContent];
    return asked && answer ? [{ role: "user", content: asked }, { role: "assistant", content: answer }] : [];
  });
  return [...past, { role: "user", content: question }];
}

// ----- following

const listener = {
  onAnswer({ version, note }) {
    for (const turn of turns.querySelectorAll(".turn.live")) endTurn(turn, "A newer question took its place.");
    if (turnOf(version)) return;
    const asked = note ?? sessionStorage.getItem("asked:" + version) ?? "";
    keepAtFoot(() => addTurn(version, asked).classList.add("live"));
    stop.hidden = false;
  },
  onFrame(frame) {
    const turn = turnOf(frame.version);
    if (!turn) return;
    if (frame.event === "delta") {
      keepAtFoot(() => turn.querySelector(".answer").append(textOf(frame)));
      return;
    }
    stop.hidden = true;
    const data = JSON.parse(frame.data);
    if (frame.event === "stop") endTurn(turn, data.reason === "stopped" ? "Stopped." : "");
    else if (frame.event === "error") endTurn(turn, `${data.code}: ${data.message}`, true);
    else if (frame.event === "superseded") endTurn(turn, "A newer question took its place.");
    else endTurn(turn, "Expired: nobody read or acknowledged it in time.", true);
  },
  onError(error, version) {
    stop.hidden = true;
    if (error.status === 401) return signedOut();
    endTurn(turnOf(version), error.code === "STREAM_GONE" ? "No longer held." : error.message, true);
  },
  onState(state) {
    if (!signIn.hidden && state === "refused") return; // it says so already
    status.textContent = words[state];
    status.className = kinds[state] || "";
    if (!signIn.hidden && (state === "idle" || state === "live")) start(); // another tab has signed in
  },
};

async function showHistory() {
  const page = await client.history({ conversation, before });
  for (const item of page.items) {
    if (turnOf(item.version)) continue; // it is being followed
    const calls = (item.toolCalls || []).map((call) => (call.function?.name || "") + (call.function?.arguments || ""));
    const turn = addTurn(item.version, questionOf(item.messages), true);
    turn.querySelector(".answer").textContent = item.answer + calls.join("");
    if (turn.querySelector(".answer").textContent === "") endTurn(turn, "No answer.");
  }
  before = page.next;
  older.hidden = !before;
}

// What is held is looked for before history is read: what is acknowledged in between is in one of the two.
async function start() {
  follower?.close();
  signIn.hidden = true;
  by("conversation").hidden = ask.hidden = false;
  turns.replaceChildren();
  before = null;
  follower = client.follow(listener, { conversation });
  try {
    await follower.ready;
    if (!signIn.hidden) return;
    await showHistory();
    empty.hidden = turns.childElementCount > 0;
    window.scrollTo(0, document.documentElement.scrollHeight);
    prompt.focus();
  } catch (error) {
    failed(error);
  }
}

function failed(error) {
  if (error.status === 401) signedOut();
  else notice.textContent = error.message;
}

function signedOut() {
  signIn.hidden = false;
  by("conversation").hidden = ask.hidden = stop.hidden = true;
  status.textContent = "signed out";
  status.className = "";
  by("token").focus();
}

async function openSession(token) {
  try {
    await client.openSession(token);
    follower?.refresh(); // the other tabs too
    await start();
  } catch (error) {
    signedOut();
    status.textContent = error.message;
    status.className = "lost";
  }
}

// ----- what a user does

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  const token = by("token").value.trim().replace(/^TOKEN\s+/, "");
  by("token").value = "";
  openSession(token);
});

ask.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = prompt.value.trim();
  if (!question) return;
  notice.textContent = "";
  prompt.value = "";
  try {
    const { version } = await follower.ask({ messages: messagesWith(question) }, question);
    sessionStorage.setItem("asked:" + version, question);
    window.scrollTo(0, document.documentElement.scrollHeight);
  } catch (error) {
    prompt.value ||= question;
    failed(error);
  }
});

prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    ask.requestSubmit();
  }
});

stop.addEventListener("click", () => follower.stop().catch(failed));
older.addEventListener("click", () => showHistory().catch(failed));
window.addEventListener("focus", () => follower?.refresh()); // another machine may have asked

const handed = new URLSearchParams(location.hash.slice(1)).get("token");
if (handed) {
  history.replaceState(null, "", location.pathname + location.search); // out of the address bar and its history
  openSession(handed);
} else {
  start();
}
