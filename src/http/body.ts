/** Request bodies: bounded before they are read, JSON or a form, never compressed. */
import { Deadlines, type Watched } from '../deadlines.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { DEFAULT_JSON_BOUNDS, isJsonObject, type JsonBounds, type JsonObject } from '../json.ts';
import { checkJson, decodeUtf8, parseChecked, parseJson } from './json-text.ts';
import { ReadingRoom } from './reading-room.ts';

/** How slowly a body may come: a grace, and then at least this many bytes a millisecond on the whole. */
export interface SlowestPace {
  readonly graceMs: number;
  readonly bytesPerMs: number;
}

/** 16 KB a second is slower than any line in use, and far more than a sender shows who only wants to keep a socket busy. */
const BYTES_PER_MS = 16;
const SLOWEST_PACE: SlowestPace = { graceMs: 15_000, bytesPerMs: BYTES_PER_MS };

/** What bounds a body beside its size. */
export interface BodyRules {
  readonly pace: SlowestPace;
  readonly bounds: JsonBounds;
  /** Shared by all requests; null for bodies that are small anyway. */
  readonly room: ReadingRoom | null;
}

const SMALL_BODIES: BodyRules = { pace: SLOWEST_PACE, bounds: DEFAULT_JSON_BOUNDS, room: null };

/** As the operator has set it. */
export interface BodyLimits {
  readonly slowSenderTimeoutMs: number;
  readonly jsonBounds: JsonBounds;
  readonly readingBytes: number;
}

export function createBodyRules({ slowSenderTimeoutMs, jsonBounds, readingBytes }: BodyLimits): BodyRules {
  return {
    pace: { graceMs: slowSenderTimeoutMs, bytesPerMs: BYTES_PER_MS },
    bounds: jsonBounds,
    room: new ReadingRoom(readingBytes),
  };
}

/** A body up to this size is read in one go, which costs less than counting as it comes. */
const AT_ONCE_BYTES = 256 * 1024;

/**
 * Reads and parses a JSON body. Errors: 413 over `maxBytes`, 415 for another type or an encoding, 400 for what is not JSON or
 * beyond the bounds of JSON, 408 when it comes too slowly, 503 while too many bytes of all requests are being read.
 */
export async function readJson(
  request: Request,
  maxBytes: number,
  rules: BodyRules = SMALL_BODIES,
): Promise<unknown> {
  return (await readParsed(request, maxBytes, rules)).value;
}

/** As `readJson`, for the routes that take an object; tells its size in bytes too. */
export async function readJsonObject(
  request: Request,
  maxBytes: number,
  rules: BodyRules = SMALL_BODIES,
): Promise<{ value: JsonObject; bytes: number }> {
  const { value, bytes } = await readParsed(request, maxBytes, rules);
  if (!isJsonObject(value)) throw invalidRequest('The request body must be a JSON object');
  return { value, bytes };
}

/** As `readJsonObject`, of a text that has come as one message. */
export async function readJsonMessage(
  text: string,
  { bounds, room }: BodyRules = SMALL_BODIES,
): Promise<{ value: JsonObject; bytes: number }> {
  const bytes = Buffer.byteLength(text);
  const share = new Share(room);
  try {
    share.take(bytes);
    const value =
      bytes > AT_ONCE_BYTES ? await parseInTurns(Buffer.from(text), bounds) : parseJson(text, bounds);
    if (!isJsonObject(value)) throw invalidRequest('The message must be a JSON object');
    return { value, bytes };
  } finally {
    share.giveBack();
  }
}

/** The bytes of a JSON body as they were sent, for whoever has to check a signature over them. Errors as with `readJson`. */
export async function readRawBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  checkContentType(request.headers, JSON_TYPE);
  const share = new Share(null);
  return await readBytes(request, maxBytes, SLOWEST_PACE, share);
}

/** Enough for everything but what people say to models. */
export const FORM_BYTES = 32 * 1024;
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

export function isForm(request: Request): boolean {
  return FORM_TYPE.test(request.headers.get('content-type') ?? '');
}

/** A form's fields, each at most once (RFC 6749, 3.2); errors as with `readJson`. */
export async function readForm(request: Request, maxBytes: number = FORM_BYTES): Promise<URLSearchParams> {
  checkContentType(request.headers, FORM_TYPE);
  const share = new Share(null);
  const form = new URLSearchParams(decodeUtf8(await readBytes(request, maxBytes, SLOWEST_PACE, share)));
  const names = [...form.keys()];
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw invalidRequest(`${repeated}: is given more than once`);
  return form;
}

async function readParsed(
  request: Request,
  maxBytes: number,
  { pace, bounds, room }: BodyRules,
): Promise<{ value: unknown; bytes: number }> {
  checkContentType(request.headers, JSON_TYPE);
  const share = new Share(room);
  try {
    const bytes = await readBytes(request, maxBytes, pace, share);
    if (bytes.byteLength === 0) throw invalidRequest('The request body is empty; send a JSON object');
    const isLarge = bytes.byteLength > AT_ONCE_BYTES;
    const value = isLarge ? await parseInTurns(bytes, bounds) : parseJson(decodeUtf8(bytes), bounds);
    return { value, bytes: bytes.byteLength };
  } finally {
    share.giveBack();
  }
}

/** Each step of a large body, what its route makes of it included, has a turn of the event loop: others wait for one step at most. */
async function parseInTurns(bytes: Uint8Array, bounds: JsonBounds): Promise<unknown> {
  await ownTurn();
  const text = decodeUtf8(bytes);
  await ownTurn();
  const hasLongNumber = checkJson(text, bounds);
  await ownTurn();
  const value = parseChecked(text, hasLongNumber);
  await ownTurn();
  return value;
}

let lastTurn: Promise<void> = Promise.resolve();

/** One after the other: bodies that end together would else keep all others waiting for their sum. */
function ownTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => new Promise<void>((resolve) => void setImmediate(resolve)));
  return lastTurn;
}

/** What one request has of the room. */
class Share {
  readonly #room: ReadingRoom | null;
  #bytes = 0;

  constructor(room: ReadingRoom | null) {
    this.#room = room;
  }

  mustFit(bytes: number): void {
    this.#room?.mustFit(bytes);
  }

  take(bytes: number): void {
    this.#room?.enter(bytes);
    this.#bytes += bytes;
  }

  giveBack(): void {
    this.#room?.leave(this.#bytes);
    this.#bytes = 0;
  }
}

function checkContentType(headers: Headers, wanted: RegExp): void {
  if (!wanted.test(headers.get('content-type') ?? '')) throw new TurnpikeError('unsupported_media_type');
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity')
    throw new TurnpikeError('unsupported_media_type');
}

async function readBytes(
  request: Request,
  maxBytes: number,
  pace: SlowestPace,
  share: Share,
): Promise<Uint8Array> {
  const declared = request.headers.get('content-length');
  const length = declared === null ? null : Number(declared);
  if (length !== null && length > maxBytes) throw tooLarge(maxBytes);
  if (length === null || length > AT_ONCE_BYTES) {
    share.mustFit(length ?? 0);
    return await readCounting(request, maxBytes, pace, share, length);
  }
  share.take(length);
  return new Uint8Array(await inTime(request.arrayBuffer(), pace.graceMs));
}

/**
 * Without a Content-Length the size is known only by counting, so the reading stops at the limit. With one, the bytes go where
 * they will stay, as they come: the share grows with what is there, so that a sender who dawdles keeps no room from others.
 */
async function readCounting(
  request: Request,
  maxBytes: number,
  pace: SlowestPace,
  share: Share,
  length: number | null,
): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  const whole = length === null ? null : new Uint8Array(length);
  let total = 0;
  const startedAt = performance.now();
  const reader = request.body.getReader();
  try {
    while (true) {
      const leftMs = startedAt + pace.graceMs + total / pace.bytesPerMs - performance.now();
      const { done, value } = await inTime(reader.read(), leftMs);
      if (done) return whole?.subarray(0, total) ?? Buffer.concat(parts);
      if (total + value.byteLength > (length ?? maxBytes)) throw tooLarge(length ?? maxBytes);
      share.take(value.byteLength);
      if (whole === null) parts.push(value);
      else whole.set(value, total);
      total += value.byteLength;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Of all bodies that are being read. */
const deadlines = new Deadlines();

/**
 * What is read, or a 408 when that takes longer, up to three sweeps of the deadlines later. A sender that stops half-way is its own
 * mistake, not an internal error.
 */
function inTime<T>(reading: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const dueAtMs = deadlines.after(timeoutMs);
    const watched: Watched = {
      onSweep(nowMs) {
        if (nowMs < dueAtMs) return;
        deadlines.remove(watched);
        reject(new TurnpikeError('request_timeout', { headers: { connection: 'close' } }));
      },
    };
    deadlines.add(watched);
    reading.then(
      (read) => {
        deadlines.remove(watched);
        resolve(read);
      },
      (cause: unknown) => {
        deadlines.remove(watched);
        reject(new TurnpikeError('invalid_request', { message: 'The request body ended early', cause }));
      },
    );
  });
}

function tooLarge(maxBytes: number): TurnpikeError {
  return new TurnpikeError('payload_too_large', {
    message: `Request payload too large: at most ${maxBytes} bytes are accepted`,
    headers: { connection: 'close' },
  });
}

/**
 * A body of any type as it comes, for what is longer than memory should hold. Errors: 413 over `maxBytes`, 408 when it comes too slowly, 400
 * when it ends early.
 */
export async function* bodyPieces(
  request: Request,
  maxBytes: number,
  { pace }: Pick<BodyRules, 'pace'> = SMALL_BODIES,
): AsyncGenerator<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return;
  let total = 0;
  const startedAt = performance.now();
  const reader = request.body.getReader();
  try {
    while (true) {
      const leftMs = startedAt + pace.graceMs + total / pace.bytesPerMs - performance.now();
      const { done, value } = await inTime(reader.read(), leftMs);
      if (done) return;
      total += value.byteLength;
      if (total > maxBytes) throw tooLarge(maxBytes);
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
