// @ts-check

/**
 * Streams of a Fairway Gateway, from a browser or from node 20: ask, read an answer over as many connections as it takes, stop,
 * acknowledge, look at history. `follow` shares one connection among all tabs of a browser. No dependency; docs/protocol.md has
 * the contract this keeps.
 *
 *     import { FairwayClient, textOf } from "/fairway-client.js";
 *     const client = new FairwayClient();
 *     const { version } = await client.ask({ messages: [{ role: "user", content: "What is a fairway?" }] });
 *     for await (const frame of client.read(version)) console.log(textOf(frame));
 *     await client.acknowledge(version);
 *
 * @module
 */

/**
 * One frame of an answer. `data` is the JSON as it was stored: for a `delta` the model's chunk, byte for byte.
 * @typedef {{ event: "delta" | "stop" | "error" | "superseded" | "expired", id: string, version: string, offset: number, data: string }} Frame
 */

/**
 * What the Gateway answered to `ask`; paths are absolute.
 * @typedef {{ version: string, events: string, ack: string }} Accepted
 */

/**
 * @typedef {{ version: string, conversation: string, messages: any[], answer: string, toolCalls?: any[], finishedAt: string }} HistoryItem
 * @typedef {{ items: HistoryItem[], next: string | null }} HistoryPage
 */

/**
 * @typedef {object} ClientOptions
 * @property {string} [base] The Gateway's address without a slash at its end; the page's own by default.
 * @property {string} [token] Sent as `Authorization: Bearer`; without it, the session cookie says who asks.
 * @property {typeof fetch} [fetch] In place of the global one.
 * @property {number} [silence] Milliseconds without a byte after which a connection counts as dead. Default 30,000; the Gateway breaks any silence of 10 s.
 * @property {number} [patience] Milliseconds for which calls other than reading try again when the Gateway is away. Default 15,000.
 */

/**
 * @typedef {object} ReadOptions
 * @property {string | null} [after] The id of the last frame the reader has; what follows it is read.
 * @property {AbortSignal} [signal] Ends the reading, and nothing else: the answer goes on.
 * @property {(state: ReaderState) => void} [onState] Told of each change of the connection.
 */

/** @typedef {"connecting" | "live" | "reconnecting" | "idle" | "refused"} ReaderState */

const CONVERSATION = "main";
const FIRST_RETRY = 1000;
const LONGEST_RETRY = 10_000;
const TRANSIENT = new Set([502, 503, 504]);

/** A refusal, with the Gateway's stable code. */
export class FairwayError extends Error {
  /**
   * @param {number} status The HTTP status.
   * @param {string} code As `STREAM_GONE`.
   * @param {string} message In words.
   * @param {number | null} retryAfter Seconds, where the Gateway said so.
   */
  constructor(status, code, message, retryAfter = null) {
    super(message);
    this.name = "FairwayError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/**
 * The text that a frame adds to the answer; tool calls show as name and arguments. Empty for all but deltas.
 * @param {Frame} frame
 * @returns {string}
 */
export function textOf(frame) {
  if (frame.event !== "delta") return "";
  const delta = JSON.parse(frame.data).choices?.[0]?.delta;
  if (!delta) return "";
  const calls = (delta.tool_calls ?? []).map((/** @type {any} */ call) => (call.function?.name ?? "") + (call.function?.arguments ?? ""));
  return (delta.content ?? "") + calls.join("");
}

/**
 * Versions are decimal numbers that may pass 2^53.
 * @param {string} one
 * @param {string} other
 * @returns {number} Below 0 when `one` is older, above when it is newer.
 */
export function compareVersions(one, other) {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}

export class FairwayClient {
  #base;
  #token;
  #fetch;
  #silence;
  #patience;

  /** @param {ClientOptions} [options] */
  constructor(options = {}) {
    this.#base = options.base ?? "";
    this.#token = options.token;
    this.#fetch = options.fetch ?? ((/** @type {any} */ input, /** @type {any} */ init) => fetch(input, init));
    this.#silence = options.silence ?? 30_000;
    this.#patience = options.patience ?? 15_000;
  }

  /** The Gateway's address. */
  get base() {
    return this.#base;
  }

  /**
   * Turns a token into the session cookie, for pages.
   * @param {string} token
   */
  async openSession(token) {
    await this.#call("POST", "/v1/session", { headers: { Authorization: `Bearer ${token}` } });
  }

  /**
   * Asks a model. Repeated under one idempotency key while the Gateway is away, so that it is asked once.
   * @param {object | string} request An OpenAI chat request, or its JSON; `conversation` names the conversation, default `main`.
   * @param {{ idempotencyKey?: string, signal?: AbortSignal }} [options]
   * @returns {Promise<Accepted>}
   */
  async ask(request, options = {}) {
    const response = await this.#call("POST", "/v1/streams", {
      body: typeof request === "string" ? request : JSON.stringify(request),
      headers: { "Content-Type": "application/json", "Idempotency-Key": options.idempotencyKey ?? crypto.randomUUID() },
      signal: options.signal,
    });
    return response.json();
  }

  /**
   * Reads one answer to its terminal frame, coming back with its position whenever the connection is lost. Ends without a frame
   * where the Gateway says that nothing follows the position.
   * @param {string} version
   * @param {ReadOptions} [options]
   * @returns {AsyncGenerator<Frame, void, void>}
   * @throws {FairwayError} `STREAM_GONE`, `BAD_POSITION`, `TOKEN_INVALID`, ...
   */
  read(version, options = {}) {
    return this.#frames(`/v1/streams/${encodeURIComponent(version)}/events`, options);
  }

  /**
   * As `read`, of what a conversation holds now; ends at once where it holds nothing.
   * @param {string} [conversation]
   * @param {ReadOptions} [options]
   * @returns {AsyncGenerator<Frame, void, void>}
   */
  current(conversation = CONVERSATION, options = {}) {
    return this.#frames(`/v1/streams/current/events?conversation=${encodeURIComponent(conversation)}`, options);
  }

  /**
   * Reads what a conversation holds, with one connection for all tabs.
   * @param {Listener} listener
   * @param {FollowOptions} [options]
   * @returns {Follower}
   */
  follow(listener, options = {}) {
    return new Follower(this, listener, options);
  }

  /**
   * Ends an answer where it stands. May be repeated.
   * @param {string} version
   */
  async stop(version) {
    await this.#call("DELETE", `/v1/streams/${encodeURIComponent(version)}`);
  }

  /**
   * Says that the answer was read to its end: it enters history, and its buffer is freed. May be repeated.
   * @param {string} version
   * @throws {FairwayError} `NOT_FINISHED`, `STREAM_GONE`.
   */
  async acknowledge(version) {
    await this.#call("POST", `/v1/streams/${encodeURIComponent(version)}/ack`);
  }

  /**
   * @param {string} version
   * @returns {Promise<{ version: string, conversation: string, state: string, frames: number, createdAt: string }>}
   */
  async status(version) {
    return (await this.#call("GET", `/v1/streams/${encodeURIComponent(version)}`)).json();
  }

  /**
   * A page of acknowledged answers, newest first; `next` goes into `before`.
   * @param {{ conversation?: string, before?: string | null }} [options]
   * @returns {Promise<HistoryPage>}
   */
  async history(options = {}) {
    const query = new URLSearchParams({ conversation: options.conversation ?? CONVERSATION });
    if (options.before) query.set("before", options.before);
    return (await this.#call("GET", `/v1/history?${query}`)).json();
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   */
  #send(path, init) {
    const headers = new Headers(init.headers);
    if (this.#token && !headers.has("Authorization")) headers.set("Authorization", `Bearer ${this.#token}`);
    return this.#fetch(this.#base + path, { cache: "no-store", ...init, headers });
  }

  /**
   * One call that may be repeated; tried again for a while when the Gateway is away.
   * @param {string} method
   * @param {string} path
   * @param {{ body?: string, headers?: Record<string, string>, signal?: AbortSignal }} [init]
   */
  async #call(method, path, init = {}) {
    const until = Date.now() + this.#patience;
    for (let tries = 0; ; tries++) {
      let failure;
      let wait = backoff(FIRST_RETRY / 4, tries);
      try {
        const response = await this.#send(path, { method, ...init });
        if (response.ok) return response;
        failure = await errorOf(response);
        if (!TRANSIENT.has(response.status)) throw failure;
        wait = failure.retryAfter === null ? wait : failure.retryAfter * 1000;
      } catch (error) {
        if (error === failure || init.signal?.aborted) throw error;
        failure = error;
      }
      if (Date.now() + wait > until) throw failure;
      await pause(wait, init.signal);
    }
  }

  /**
   * @param {string} path
   * @param {ReadOptions} options
   * @returns {AsyncGenerator<Frame, void, void>}
   */
  async *#frames(path, { after = null, signal, onState }) {
    let last = after;
    let retry = FIRST_RETRY; // as the Gateway says, which spreads those that it sends away
    onState?.("connecting");
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted();
      /** @type {number | null} */
      let wait = null;
      const watch = new SilenceWatch(this.#silence, signal);
      try {
        const response = await this.#send(path, { headers: last === null ? {} : { "Last-Event-ID": last }, signal: watch.signal });
        if (response.status === 204) return;
        if (!response.ok || !response.body) {
          const refusal = await errorOf(response);
          if (!TRANSIENT.has(response.status)) throw refusal;
          wait = refusal.retryAfter === null ? null : refusal.retryAfter * 1000;
        } else {
          tries = 0;
          onState?.("live");
          const parser = new SseParser();
          const chunks = response.body.getReader();
          for (;;) {
            const { value, done } = await chunks.read();
            if (done) break;
            watch.heard();
            for (const block of parser.push(value)) {
              retry = block.retry ?? retry;
              const frame = frameOf(block);
              if (!frame) continue;
              last = frame.id;
              yield frame;
              if (frame.event !== "delta") return;
            }
          }
        }
      } catch (error) {
        if (signal?.aborted || error instanceof FairwayError) throw error;
        // the connection was lost: come back with the position
      } finally {
        watch.end();
      }
      onState?.("reconnecting");
      await pause(wait ?? (tries === 0 ? retry : backoff(retry, tries)), signal);
    }
  }
}

/**
 * What a follower tells. All tabs of a browser are told the same.
 * @typedef {object} Listener
 * @property {(answer: { version: string, note: any }) => void} [onAnswer] Another answer begins; frames of an older one no longer come.
 * @property {(frame: Frame) => void} [onFrame] The next frame, each once and in order; after a terminal, none of its version.
 * @property {(error: FairwayError | Error, version: string | null) => void} [onError] Reading ended with a refusal; a new `ask` or `refresh` begins again.
 * @property {(state: ReaderState) => void} [onState] The connection, whichever tab has it.
 */

/**
 * @typedef {object} FollowOptions
 * @property {string} [conversation] Default `main`.
 * @property {boolean} [acknowledge] Whether an answer is acknowledged once its terminal was told. Default true.
 */

/**
 * @typedef {{ type: "hello", version: string | null, last: number }
 *   | { type: "asked", version: string, note: any }
 *   | { type: "frames", version: string, note: any, after: number, frames: Frame[] }
 *   | { type: "state", state: ReaderState }
 *   | { type: "failed", version: string | null, status: number, code: string, message: string }
 *   | { type: "refresh" }} Message
 */

/**
 * Follows one conversation. The tab that holds the lock has the connection and hands every frame to the others; when it is closed,
 * the next one goes on from the last frame it was handed. Without Web Locks (node, pages without TLS) each has its own connection.
 */
export class Follower {
  #client;
  #listener;
  #conversation;
  #acknowledges;
  #closing = new AbortController();
  /** @type {BroadcastChannel | null} */ #channel = null;
  /** @type {AbortController | null} */ #reading = null;
  /** @type {(() => void) | null} */ #wake = null;
  /** @type {string | null} */ #version = null;
  /** @type {any} */ #note = null;
  /** @type {Frame[]} */ #frames = [];
  /** @type {(value: void) => void} */ #looked = () => {};
  #isLeading = false;
  #isOver = true;
  #mustLook = true;
  #isRefused = false;
  /** @type {Message | null} */ #refusal = null;
  /** @type {ReaderState} */ #state = "connecting";

  /**
   * Settles once it is known whether the conversation holds an answer; if so, `version` names it.
   * @type {Promise<void>}
   */
  ready = new Promise((resolve) => (this.#looked = resolve));

  /**
   * @param {FairwayClient} client
   * @param {Listener} listener
   * @param {FollowOptions} options
   */
  constructor(client, listener, options) {
    this.#client = client;
    this.#listener = listener;
    this.#conversation = options.conversation ?? CONVERSATION;
    this.#acknowledges = options.acknowledge ?? true;
    const locks = globalThis.navigator?.locks;
    if (!locks || typeof BroadcastChannel === "undefined") {
      this.#lead();
      return;
    }

    const name = `fairway ${client.base} ${this.#conversation}`;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (event) => this.#told(event.data);
    locks.request(name, { signal: this.#closing.signal }, () => this.#lead()).catch(() => {}); // closed before it was its turn
    this.#post({ type: "hello", version: null, last: -1 });
  }

  /** The answer that is, or was last, followed. */
  get version() {
    return this.#version;
  }

  /** Whether an answer is being followed that has not come to its end. */
  get isLive() {
    return !this.#isOver;
  }

  /** Whether this tab has the connection. */
  get isLeading() {
    return this.#isLeading;
  }

  /**
   * Asks in this conversation, and has all tabs follow the answer.
   * @param {object} request An OpenAI chat request; `conversation` is set here.
   * @param {any} [note] Handed to `onAnswer` in every tab, as the question that belongs to the answer.
   * @returns {Promise<Accepted>}
   */
  async ask(request, note = null) {
    const accepted = await this.#client.ask({ ...request, conversation: this.#conversation });
    this.#asked(accepted.version, note);
    this.#post({ type: "asked", version: accepted.version, note });
    return accepted;
  }

  /** Stops the answer that is followed. */
  async stop() {
    if (this.#version !== null && !this.#isOver) await this.#client.stop(this.#version);
  }

  /** Looks whether the conversation holds something new, as another machine may have asked. */
  refresh() {
    this.#look();
    this.#post({ type: "refresh" });
  }

  /** Lets go; another tab takes the connection over. */
  close() {
    this.#closing.abort();
    this.#reading?.abort();
    this.#wake?.();
    this.#channel?.close();
    this.#channel = null;
  }

  /** @param {Message} message */
  #post(message) {
    this.#channel?.postMessage(message);
  }

  /** @param {Message} message */
  #told(message) {
    switch (message.type) {
      case "hello":
        if (!this.#isLeading) return;
        this.#post({ type: "state", state: this.#state });
        if (this.#version !== null) this.#hand(message.version === this.#version ? message.last : -1);
        if (this.#isRefused && this.#refusal) this.#post(this.#refusal);
        return;
      case "asked":
        this.#asked(message.version, message.note);
        return;
      case "refresh":
        this.#look();
        return;
      case "state":
        if (!this.#isLeading) this.#tell(message.state);
        return;
      case "failed":
        this.#failed(new FairwayError(message.status, message.code, message.message), message.version);
        return;
      case "frames":
        this.#take(message.version, message.note, message.after, message.frames);
    }
  }

  /**
   * Hands over what the leader has of the answer after an offset.
   * @param {number} after
   */
  #hand(after) {
    const frames = this.#frames.filter((frame) => frame.offset > after);
    this.#post({ type: "frames", version: /** @type {string} */ (this.#version), note: this.#note, after, frames });
  }

  /**
   * @param {string} version
   * @param {any} note
   */
  #asked(version, note) {
    if (this.#begin(version, note)) {
      this.#reading?.abort();
      this.#wake?.();
    }
  }

  /**
   * Turns to an answer, unless it is older than what is followed.
   * @param {string} version
   * @param {any} note
   * @returns {boolean} Whether it is another one.
   */
  #begin(version, note) {
    if (this.#version !== null && compareVersions(version, this.#version) <= 0) {
      if (version === this.#version && this.#note === null) this.#note = note;
      return false;
    }
    this.#version = version;
    this.#note = note;
    this.#frames = [];
    this.#isOver = false;
    this.#listener.onAnswer?.({ version, note });
    return true;
  }

  /**
   * Frames of an answer, the first of which follows the offset `after`.
   * @param {string} version
   * @param {any} note
   * @param {number} after
   * @param {Frame[]} frames
   */
  #take(version, note, after, frames) {
    this.#looked();
    this.#begin(version, note);
    if (version !== this.#version) return;
    const last = this.#last();
    if (after > last) {
      this.#post({ type: "hello", version, last }); // what lies between was handed out before this tab listened
      return;
    }
    for (const frame of frames) {
      if (this.#isOver || frame.offset <= this.#last()) continue;
      this.#frames.push(frame);
      this.#isOver = frame.event !== "delta";
      this.#listener.onFrame?.(frame);
    }
  }

  #last() {
    return this.#frames.at(-1)?.offset ?? -1;
  }

  #look() {
    this.#mustLook = true;
    if (this.#isRefused && this.#frames.length > 0 && this.#frames.at(-1)?.event === "delta") this.#isOver = false; // it may be had now
    if (this.#isOver) this.#reading?.abort();
    this.#wake?.();
  }

  /** @param {ReaderState} state */
  #tell(state) {
    if (state === "idle") this.#looked();
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.onState?.(state);
    if (this.#isLeading) this.#post({ type: "state", state });
  }

  async #lead() {
    this.#isLeading = true;
    if (this.#isOver && this.#version !== null) this.#acknowledge(); // the tab that led may not have come to it
    while (!this.#closing.signal.aborted) {
      if (this.#isOver && !this.#mustLook) {
        this.#tell(this.#isRefused ? "refused" : "idle");
        const woken = new Promise((/** @type {(value: void) => void} */ resolve) => (this.#wake = resolve));
        if (this.#isOver && !this.#mustLook && !this.#closing.signal.aborted) await woken;
        this.#wake = null;
        continue;
      }
      this.#reading = new AbortController();
      try {
        await this.#readOnce(this.#reading.signal);
      } catch (error) {
        if (this.#reading.signal.aborted) continue; // something newer is there to be read
        const { status = 0, code = "UNREACHABLE", message } = /** @type {FairwayError} */ (error);
        this.#refusal = { type: "failed", version: this.#version, status, code, message };
        this.#post(this.#refusal);
        this.#failed(/** @type {Error} */ (error), this.#version);
      }
    }
    this.#isLeading = false;
  }

  /**
   * @param {FairwayError | Error} error
   * @param {string | null} version
   */
  #failed(error, version) {
    if (version !== this.#version) return;
    this.#isOver = true;
    this.#isRefused = true;
    this.#looked();
    this.#listener.onError?.(error, version);
  }

  /** @param {AbortSignal} signal */
  async #readOnce(signal) {
    const [version, isLook] = [this.#version, this.#isOver];
    const onState = (/** @type {ReaderState} */ state) => this.#tell(state);
    this.#mustLook = false;
    this.#isRefused = false;
    // A look brings no position: with one at the end of an answer, the Gateway would not tell of a newer one.
    const frames = isLook || version === null
      ? this.#client.current(this.#conversation, { signal, onState })
      : this.#client.read(version, { after: this.#frames.at(-1)?.id, signal, onState });
    for await (const frame of frames) {
      if (signal.aborted || (isLook && frame.version === version)) return; // a look that finds what was read to its end
      const after = frame.version === this.#version ? this.#last() : -1;
      this.#take(frame.version, null, after, [frame]);
      this.#post({ type: "frames", version: frame.version, note: this.#note, after, frames: [frame] });
      if (frame.event === "superseded") this.#mustLook = true;
      else if (frame.event !== "delta") this.#acknowledge();
    }
    if (!isLook && version === this.#version) this.#isOver = true; // nothing follows what was read
  }

  async #acknowledge() {
    const end = this.#frames.at(-1);
    if (!this.#acknowledges || !end || end.event === "superseded" || end.event === "expired" || end.event === "delta") return;
    try {
      await this.#client.acknowledge(end.version);
    } catch {
      // Acknowledged by another, or expired: it is not held any more.
    }
  }
}

/** Aborts a connection on which nothing was heard for a while. */
class SilenceWatch {
  #control = new AbortController();
  #limit;
  #signal;
  #timer;
  #forward = () => this.#control.abort(this.#signal?.reason);

  /**
   * @param {number} limit
   * @param {AbortSignal | undefined} signal
   */
  constructor(limit, signal) {
    this.#limit = limit;
    this.#signal = signal;
    this.#timer = this.#arm();
    signal?.addEventListener("abort", this.#forward);
  }

  get signal() {
    return this.#control.signal;
  }

  heard() {
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
  }

  /** Closes the connection. */
  end() {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#forward);
    this.#control.abort();
  }

  #arm() {
    return setTimeout(() => this.#control.abort(), this.#limit);
  }
}

/** @typedef {{ event: string, id: string | null, data: string[], retry: number | null }} Block */

/**
 * Server-sent events out of bytes, as the HTML standard says; a block counts once its blank line is there.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseParser {
  #decoder = new TextDecoder();
  #text = "";
  #block = SseParser.#empty();

  /** @returns {Block} */
  static #empty() {
    return { event: "", id: null, data: [], retry: null };
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {Block[]} The blocks that are whole now.
   */
  push(bytes) {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    const blocks = [];
    let start = 0;
    for (;;) {
      const end = this.#lineEnd(start);
      if (end < 0) break;
      const line = this.#text.slice(start, end);
      start = end + (this.#text.startsWith("\r\n", end) ? 2 : 1);
      if (line !== "") {
        this.#field(line);
        continue;
      }
      if (this.#block.data.length > 0 || this.#block.retry !== null) blocks.push(this.#block);
      this.#block = SseParser.#empty();
    }
    this.#text = this.#text.slice(start);
    return blocks;
  }

  /** @param {number} start */
  #lineEnd(start) {
    for (let i = start; i < this.#text.length; i++) {
      const letter = this.#text[i];
      if (letter === "\n" || (letter === "\r" && i + 1 < this.#text.length)) return i; // a last \r may be half of \r\n
    }
    return -1;
  }

  /** @param {string} line */
  #field(line) {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "event") this.#block.event = value;
    else if (name === "data") this.#block.data.push(value);
    else if (name === "id") this.#block.id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.#block.retry = Number(value);
  }
}

/**
 * @param {Block} block
 * @returns {Frame | null}
 */
function frameOf(block) {
  const position = /^(\d+):(\d+)$/.exec(block.id ?? "");
  if (!position || block.data.length === 0) return null;
  const event = /** @type {Frame["event"]} */ (block.event);
  return { event, id: position[0], version: position[1], offset: Number(position[2]), data: block.data.join("\n") };
}

/**
 * @param {Response} response
 * @returns {Promise<FairwayError>}
 */
async function errorOf(response) {
  const after = response.headers.get("Retry-After");
  const retryAfter = after !== null && /^\d+$/.test(after) ? Number(after) : null;
  try {
    const problem = await response.json();
    return new FairwayError(response.status, problem.code ?? "HTTP_" + response.status, problem.detail ?? problem.title ?? "", retryAfter);
  } catch {
    return new FairwayError(response.status, "HTTP_" + response.status, response.statusText, retryAfter);
  }
}

/**
 * Doubling, bounded, and apart from what others wait.
 * @param {number} first
 * @param {number} tries
 */
function backoff(first, tries) {
  return Math.min(LONGEST_RETRY, first * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2);
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
