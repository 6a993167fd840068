// The Vercel AI SDK with its OpenAI-compatible provider, unmodified: only baseURL is ours.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

const fairway = createOpenAICompatible({ name: "fairway", baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, includeUsage: true });
const prompt = "What is a fairway?";
const tools = { tide_at: tool({ description: "The tide at a port.", inputSchema: jsonSchema({ type: "object", properties: { port: { type: "string" } } }) }) };

test("a stream is the whole answer", async () => {
  const stream = streamText({ model: fairway("demo"), prompt });
  let text = "";
  for await (const piece of stream.textStream) text += piece;
  const whole = await generateText({ model: fairway("demo"), prompt });
  assert.equal(text, whole.text);
  assert.equal(await stream.finishReason, "stop");
  assert.equal((await stream.usage).outputTokens > 0, true);
});

test("a tool call comes whole and in pieces", async () => {
  const stream = streamText({ model: fairway("tool"), prompt, tools, stopWhen: stepCountIs(1) });
  const whole = await generateText({ model: fairway("tool"), prompt, tools, stopWhen: stepCountIs(1) });
  for (const calls of [await stream.toolCalls, whole.toolCalls]) {
    assert.equal(calls[0].toolName, "tide_at");
    assert.deepEqual(calls[0].input, { port: "Hamburg" });
  }
});

test("refusals have their status", async () => {
  for (const [model, status] of [["busy", 429], ["broken", 502], ["unheard-of", 404]]) {
    await assert.rejects(generateText({ model: fairway(model), prompt, maxRetries: 0 }), (error) => APICallError.isInstance(error) && error.statusCode === status);
  }
});

test("an error in mid-stream is an error part", async () => {
  const parts = [];
  for await (const part of streamText({ model: fairway("torn"), prompt, maxRetries: 0, onError() {} }).fullStream) parts.push(part.type);
  assert.ok(parts.includes("error"), parts.join());
});

test("aborting ends the stream", async () => {
  const abort = new AbortController();
  const stream = streamText({ model: fairway("slow"), prompt, abortSignal: abort.signal, onError() {} });
  const parts = [];
  for await (const part of stream.fullStream) {
    parts.push(part.type);
    if (part.type === "text-delta") abort.abort();
  }
  assert.ok(parts.includes("abort"), parts.join());
});
