// npm's `openai`, unmodified: only baseURL is ours.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, maxRetries: 0 });
const messages = [{ role: "user", content: "What is a fairway?" }];
const tools = [{ type: "function", function: { name: "tide_at", parameters: { type: "object", properties: {} } } }];

test("a stream is the whole answer", async () => {
  let text = "", finish, usage;
  for await (const chunk of await client.chat.completions.create({ model: "demo", messages, stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta.content ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  const whole = await client.chat.completions.create({ model: "demo", messages });
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(finish, "stop");
  assert.deepEqual(usage, whole.usage);
});

test("the stream helper puts an answer together", async () => {
  const completion = await client.chat.completions.stream({ model: "demo", messages }).finalChatCompletion();
  assert.notEqual(completion.choices[0].message.content, "");
});

test("a tool call comes whole and in pieces", async () => {
  const whole = await client.chat.completions.create({ model: "tool", messages, tools });
  const streamed = await client.chat.completions.stream({ model: "tool", messages, tools }).finalChatCompletion();
  for (const { choices: [choice] } of [whole, streamed]) {
    assert.equal(choice.finish_reason, "tool_calls");
    assert.equal(choice.message.tool_calls[0].function.name, "tide_at");
    assert.deepEqual(JSON.parse(choice.message.tool_calls[0].function.arguments), { port: "Hamburg" });
  }
});

test("refusals are errors of their own class", async () => {
  const ask = (model, options = {}) => client.chat.completions.create({ model, messages, ...options });
  await assert.rejects(ask("busy"), (error) => error instanceof OpenAI.RateLimitError && error.headers.get("retry-after") === "40");
  await assert.rejects(ask("busy", { stream: true }), OpenAI.RateLimitError);
  await assert.rejects(ask("broken"), (error) => error instanceof OpenAI.InternalServerError && error.status === 502 && error.code === "UPSTREAM_ERROR");
  await assert.rejects(ask("unheard-of"), (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found" && error.param === "model");
  await assert.rejects(client.withOptions({ apiKey: "wrong" }).models.list(), OpenAI.AuthenticationError);
});

test("an error in mid-stream ends the iteration", async () => {
  const stream = await client.chat.completions.create({ model: "torn", messages, stream: true });
  let chunks = 0;
  await assert.rejects(async () => { for await (const _ of stream) chunks++; }, (error) => error instanceof OpenAI.APIError && error.code === "UPSTREAM_ERROR");
  assert.equal(chunks, 3);
});

test("breaking off cancels the call", async () => {
  const stream = await client.chat.completions.create({ model: "slow", messages, stream: true });
  for await (const _ of stream) break;
  assert.ok(stream.controller.signal.aborted);
});

test("models are listed", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("demo"));
  assert.equal((await client.models.retrieve("demo")).id, "demo");
});

test("a response, whole, streamed and as a chain", async () => {
  const whole = await client.responses.create({ model: "demo", input: "What is a fairway?", metadata: { k: "v" } });
  assert.equal(whole.status, "completed");
  assert.equal(whole.metadata.k, "v");
  const streamed = await client.responses.stream({ model: "demo", input: "What is a fairway?" }).finalResponse();
  assert.equal(streamed.output_text, whole.output_text);
  const next = await client.responses.create({ model: "demo", input: "And then?", previous_response_id: whole.id });
  assert.equal(next.previous_response_id, whole.id);
});

test("a response's tool call", async () => {
  const options = { model: "tool", input: "When?", tools: [{ type: "function", name: "tide_at", parameters: {}, strict: false }] };
  const whole = await client.responses.create(options);
  const streamed = await client.responses.stream(options).finalResponse();
  for (const { output: [item] } of [whole, streamed]) {
    assert.equal(item.type, "function_call");
    assert.deepEqual(JSON.parse(item.arguments), { port: "Hamburg" });
  }
});

test("a response of the background is left and resumed", async () => {
  const stream = await client.responses.create({ model: "demo", input: "What is a fairway?", background: true, stream: true });
  let id, last = -1, text = "";
  for await (const event of stream) {
    id ??= event.response.id;
    text += event.type === "response.output_text.delta" ? event.delta : "";
    last = event.sequence_number;
    if (last === 8) break;
  }
  for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: last })) {
    assert.equal(event.sequence_number, ++last);
    text += event.type === "response.output_text.delta" ? event.delta : "";
  }
  const whole = await client.responses.retrieve(id);
  assert.equal(whole.status, "completed");
  assert.equal(text, whole.output_text);
  await client.responses.delete(id);
  await assert.rejects(client.responses.retrieve(id), OpenAI.NotFoundError);
});

test("a response of the background is cancelled", async () => {
  const { id, status } = await client.responses.create({ model: "slow", input: "x", background: true });
  assert.equal(status, "queued");
  assert.equal((await client.responses.cancel(id)).status, "cancelled");
});
