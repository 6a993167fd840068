// fairway-client.js under node, against a real Gateway: GATEWAY, MODEL, TOKEN and CLIENT (the module's path) come from the environment.
import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { FairwayClient, FairwayError, SseParser, compareVersions, textOf } = await import(pathToFileURL(process.env.CLIENT).href);
const base = process.env.GATEWAY;
const token = process.env.TOKEN;
const client = new FairwayClient({ base, token });

function question(content, knobs, conversation) {
  return { messages: [{ role: "user", content }], knobs: { firstTokenMs: 0, ...knobs }, conversation };
}

async function all(frames) {
  const read = [];
  for await (const frame of frames) read.push(frame);
  return read;
}

function assertWhole(frames, version) {
  assert.deepEqual(frames.map((frame) => frame.id), frames.map((_, offset) => `${version}:${offset}`));
  assert.deepEqual(frames.filter((frame) => frame.event !== "delta"), frames.slice(-1));
}

// A line between client and Gateway that breaks after so many bytes of an answer.
async function badLine(cuts) {
  const port = new URL(base).port;
  let connections = 0;
  const server = net.createServer((near) => {
    connections++;
    let left = cuts.shift() ?? Infinity;
    const far = net.connect(port, "127.0.0.1");
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    near.pipe(far);
    far.on("data", (data) => {
      near.write(data.subarray(0, left));
      left -= data.length;
      if (left <= 0) near.destroySoon();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { base: `http://127.0.0.1:${server.address().port}`, close: () => server.close(), get connections() { return connections; } };
}

test("ask, read, acknowledge, history", async () => {
  const { version, events, ack } = await client.ask(question("What is a fairway?", { tokensPerSecond: 0, tokens: 12 }, "node-1"));
  assert.equal(events, `/v1/streams/${version}/events`);
  assert.equal(ack, `/v1/streams/${version}/ack`);
  const frames = await all(client.read(version));
  assertWhole(frames, version);
  assert.equal(frames.at(-1).data, '{"reason":"stop"}');
  const text = frames.map(textOf).join("");
  assert.equal(text.split(" ").length, 12);
  assert.equal((await client.status(version)).state, "done");
  assert.deepEqual(await all(client.read(version, { after: frames.at(-1).id })), []);
  await client.acknowledge(version);
  await client.acknowledge(version);
  const page = await client.history({ conversation: "node-1" });
  assert.equal(page.items[0].answer, text);
  await assert.rejects(all(client.read(version)), { name: "FairwayError", status: 410, code: "STREAM_GONE" });
  assert.deepEqual(await all(client.current("node-1")), []);
});

test("a line that breaks at any byte loses and repeats nothing", async () => {
  const { version } = await client.ask(question("What is a stream?", { tokensPerSecond: 200, tokens: 80 }, "node-2"));
  const line = await badLine([40, 300, 517, 1, 1200, 2049]);
  const states = [];
  const frames = await all(new FairwayClient({ base: line.base, token }).read(version, { onState: (state) => states.push(state) }));
  line.close();
  assertWhole(frames, version);
  assert.equal(frames.length, 83);
  assert.equal(line.connections, 7);
  assert.ok(states.includes("reconnecting") && states.at(-1) === "live");
});

test("a connection that falls silent is given up and taken up again", async () => {
  const { version } = await client.ask(question("Where?", { tokensPerSecond: 20, tokens: 30 }, "node-3"));
  let calls = 0;
  const mute = async (url, init) => {
    const response = await fetch(url, init);
    if (calls++ > 0) return response;
    const body = new ReadableStream({
      start: (stream) => init.signal.addEventListener("abort", () => stream.error(init.signal.reason)), // never a byte
    });
    return new Response(body, { status: response.status, headers: response.headers });
  };
  const frames = await all(new FairwayClient({ base, token, fetch: mute, silence: 300 }).read(version));
  assertWhole(frames, version);
  assert.equal(calls, 2);
});

test("stop ends the answer where it stands, and an aborted reader leaves it alone", async () => {
  const { version } = await client.ask(question("How long?", { tokensPerSecond: 50, tokens: 100000 }, "node-4"));
  const control = new AbortController();
  await assert.rejects(async () => {
    for await (const frame of client.read(version, { signal: control.signal })) if (frame.offset === 5) control.abort();
  }, { name: "AbortError" });
  assert.equal((await client.status(version)).state, "streaming");
  await client.stop(version);
  await client.stop(version);
  assert.equal((await all(client.read(version))).at(-1).data, '{"reason":"stopped"}');
  await client.acknowledge(version);
});

test("refusals have their codes", async () => {
  await assert.rejects(client.ask({ messages: [] }), { status: 400, code: "BAD_FIELD" });
  await assert.rejects(client.history({ conversation: "a/b" }), { status: 400, code: "BAD_NAME" });
  await assert.rejects(client.status("1"), { status: 410, code: "STREAM_GONE" });
  await assert.rejects(new FairwayClient({ base }).history(), { status: 401, code: "TOKEN_REQUIRED" });
  await assert.rejects(new FairwayClient({ base, token: token + "x" }).history(), { status: 401, code: "TOKEN_INVALID" });
  const { version } = await client.ask(question("Where?", { tokensPerSecond: 0, tokens: 2 }, "node-5"));
  await assert.rejects(all(client.read(version, { after: `${version}:999` })), { status: 400, code: "BAD_POSITION" });
  await assert.rejects(client.acknowledge((await client.ask(question("?", { tokensPerSecond: 1 }, "node-5"))).version), { status: 409, code: "NOT_FINISHED" });
  assert.ok((await client.status(version).catch((error) => error)) instanceof FairwayError === false);
});

test("asking is repeated under one key while the Gateway is away", async () => {
  const keys = [];
  const away = async (url, init) => {
    keys.push(new Headers(init.headers).get("Idempotency-Key"));
    if (keys.length === 1) throw new TypeError("no route");
    const response = await fetch(url, init);
    if (keys.length === 2) throw new TypeError("the answer was lost");
    return response;
  };
  const { version } = await new FairwayClient({ base, token, fetch: away }).ask(question("Twice?", { tokensPerSecond: 0, tokens: 2 }, "node-6"));
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert.equal((await client.current("node-6").next()).value.version, version);
});

test("a follower without tabs asks, follows, turns to the newest and acknowledges", async () => {
  const told = [];
  const follower = client.follow({
    onAnswer: ({ version, note }) => told.push(["answer", version, note]),
    onFrame: (frame) => told.push([frame.event, frame.version, frame.offset]),
    onError: (error) => told.push(["failed", error.message]),
  }, { conversation: "node-7" });
  await follower.ready;
  const first = await follower.ask({ ...question("First?", { tokensPerSecond: 50, tokens: 100000 }) }, "First?");
  await until(() => told.length > 5);
  const second = await follower.ask({ ...question("Second?", { tokensPerSecond: 0, tokens: 4 }) }, "Second?");
  await until(() => told.at(-1)[0] === "stop");
  const turn = told.findIndex(([kind, version]) => kind === "answer" && version === second.version);
  assert.ok(told.slice(0, turn).every(([, version]) => version === first.version));
  assert.deepEqual(told.slice(turn + 1).map(([, version, offset]) => [version, offset]), [0, 1, 2, 3, 4, 5, 6].map((offset) => [second.version, offset]));
  await until(async () => (await client.history({ conversation: "node-7" })).items.length === 1);
  assert.equal(follower.isLive, false);
  follower.close();
});

test("server-sent events are read as the standard says", () => {
  const text = ":comment\r\nevent: delta\r\nid: 7:0\r\ndata: {\r\ndata:}\r\n\r\nretry: 2500\n\nid: 7:1\ndata\nevent: stop\rdata: x\n\nevent: lost\ndata: half";
  for (let size = 1; size < 9; size++) {
    const parser = new SseParser();
    const bytes = new TextEncoder().encode(text);
    const blocks = [];
    for (let i = 0; i < bytes.length; i += size) blocks.push(...parser.push(bytes.subarray(i, i + size)));
    assert.deepEqual(blocks, [
      { event: "delta", id: "7:0", data: ["{", "}"], retry: null },
      { event: "", id: null, data: [], retry: 2500 },
      { event: "stop", id: "7:1", data: ["", "x"], retry: null },
    ]);
  }
});

test("versions are compared as numbers that may pass 2^53", () => {
  const sorted = ["9", "10", "99999999999999999998", "99999999999999999999"];
  assert.deepEqual([...sorted].reverse().sort(compareVersions), sorted);
  assert.equal(compareVersions("7", "7"), 0);
});

async function until(condition) {
  for (let i = 0; i < 600; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`not so within 30 s: ${condition}`);
}
