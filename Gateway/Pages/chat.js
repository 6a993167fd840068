"use strict";

// One conversation per page address (?conversation=NAME, default main). The answer is followed by EventSource, which comes back by
// itself with the id of the last frame it has; the session cookie says who asks.
const conversation = new URLSearchParams(location.search).get("conversation") || "main";
const status = document.getElementById("status");
const signIn = document.getElementById("sign-in");
const ask = document.getElementById("ask");
const prompt = document.getElementById("prompt");
const stop = document.getElementById("stop");
const older = document.getElementById("older");
const turns = document.getElementById("turns");
const template = document.getElementById("turn");
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("fairway:" + conversation) : null;

let live = null; // { version, source, turn }
let before = null;

function say(text, kind) {
  status.textContent = text;
  status.className = kind || "";
}

function addTurn(asked, answer, first) {
  const turn = template.content.cloneNode(true).firstElementChild;
  turn.querySelector(".asked").textContent = asked;
  turn.querySelector(".answer").textContent = answer;
  if (first) turns.prepend(turn);
  else turns.append(turn);
  return turn;
}

function asked(messages) {
  const users = messages.filter((message) => message.role === "user");
  const content = users.length > 0 ? users[users.length - 1].content : "";
  return typeof content === "string" ? content : JSON.stringify(content);
}

function textOf(data) {
  const choices = JSON.parse(data).choices;
  const delta = choices && choices[0] && choices[0].delta;
  if (!delta) return "";
  const calls = (delta.tool_calls || []).map((call) => (call.function && ((call.function.name || "") + (call.function.arguments || ""))) || "");
  return (delta.content || "") + calls.join("");
}

async function call(method, path, body, headers) {
  const response = await fetch(path, { method, body, headers, cache: "no-store" });
  if (response.status === 401) {
    signedOut();
    throw new Error("Sign in first.");
  }
  if (!response.ok) throw new Error((await response.json()).detail);
  return response;
}

function signedOut() {
  signIn.hidden = false;
  ask.hidden = true;
  say("signed out");
}

function leave() {
  if (live) live.source.close();
  live = null;
  stop.disabled = true;
}

function end(turn, text, bad) {
  const line = turn.querySelector(".end");
  line.textContent = text;
  line.className = bad ? "end bad" : "end";
  leave();
  say("ready");
}

async function acknowledge(version) {
  try {
    await call("POST", `/v1/streams/${version}/ack`);
  } catch {
    // Another tab has done it, or the answer has expired.
  }
}

function follow(version, question) {
  leave();
  const turn = addTurn(question, "");
  turn.dataset.version = version;
  const answer = turn.querySelector(".answer");
  const source = new EventSource(`/v1/streams/${version}/events`);
  live = { version, source, turn };
  stop.disabled = false;
  say("answering", "live");
  source.onopen = () => say("answering", "live");
  source.addEventListener("delta", (event) => answer.append(textOf(event.data)));
  source.addEventListener("stop", (event) => {
    end(turn, JSON.parse(event.data).reason === "stopped" ? "stopped" : "");
    acknowledge(version);
  });
  source.addEventListener("superseded", (event) => {
    end(turn, "a newer question took its place");
    const by = JSON.parse(event.data).by;
    if (!turns.querySelector(`[data-version="${by}"]`)) resume();
  });
  source.addEventListener("expired", () => end(turn, "expired", true));
  source.addEventListener("error", (event) => {
    if (event.data) { // a coded end of the answer; a lost connection brings none
      const error = JSON.parse(event.data);
      end(turn, `${error.code}: ${error.message}`, true);
      acknowledge(version);
    } else if (source.readyState === EventSource.CLOSED) {
      end(turn, "no longer held", true);
    } else {
      say("reconnecting", "stale");
    }
  });
}

// What this conversation holds, after a reload or when another tab has asked. The stream is read from its start.
async function resume() {
  const control = new AbortController();
  const response = await fetch(`/v1/streams/current/events?conversation=${encodeURIComponent(conversation)}`, { cache: "no-store", signal: control.signal });
  if (response.status === 401) return signedOut();
  if (response.status !== 200) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { value, done } = await reader.read();
    text += value || "";
    const id = /^id: (\d+):/m.exec(text);
    if (id || done) {
      control.abort();
      if (id && !(live && live.version === id[1])) follow(id[1], sessionStorage.getItem("asked:" + id[1]) || "");
      return;
    }
  }
}

async function showHistory() {
  const query = `conversation=${encodeURIComponent(conversation)}` + (before ? `&before=${before}` : "");
  const page = await (await call("GET", "/v1/history?" + query)).json();
  for (const item of page.items) addTurn(asked(item.messages), item.answer, true);
  before = page.next;
  older.hidden = !before;
}

async function start() {
  signIn.hidden = true;
  turns.replaceChildren();
  before = null;
  try {
    await showHistory();
    ask.hidden = false;
    say("ready");
    prompt.focus();
    await resume();
  } catch (error) {
    if (!signIn.hidden) return;
    say(error.message, "lost");
  }
}

async function openSession(token) {
  try {
    await call("POST", "/v1/session", null, { Authorization: "Bearer " + token });
    await start();
  } catch (error) {
    say(error.message, "lost");
  }
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = document.getElementById("token");
  openSession(field.value.trim().replace(/^TOKEN\s+/, ""));
  field.value = "";
});

ask.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = prompt.value;
  try {
    const body = JSON.stringify({ conversation, messages: [{ role: "user", content: question }] });
    const accepted = await (await call("POST", "/v1/streams", body, { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() })).json();
    prompt.value = "";
    sessionStorage.setItem("asked:" + accepted.version, question);
    if (live) end(live.turn, "a newer question took its place");
    follow(accepted.version, question);
    if (tabs) tabs.postMessage({ version: accepted.version, question });
  } catch (error) {
    say(error.message, "lost");
  }
});

prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    ask.requestSubmit();
  }
});

stop.addEventListener("click", async () => {
  if (!live) return;
  try {
    await call("DELETE", `/v1/streams/${live.version}`);
  } catch (error) {
    say(error.message, "lost");
  }
});

older.addEventListener("click", showHistory);

if (tabs) {
  tabs.addEventListener("message", ({ data }) => {
    if (ask.hidden || turns.querySelector(`[data-version="${data.version}"]`)) return;
    if (live) end(live.turn, "a newer question took its place");
    follow(data.version, data.question);
  });
}

const handed = new URLSearchParams(location.hash.slice(1)).get("token");
if (handed) {
  history.replaceState(null, "", location.pathname + location.search); // out of the address bar and its history
  openSession(handed);
} else {
  start();
}
