/** Request bodies: bounded before they are read, JSON or a form, never compressed. */
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { decodeUtf8, parseJson } from './json-text.ts';

/** How slowly a body may come: a grace, and then at least this many bytes a millisecond on the whole. */
export interface SlowestPace {
  readonly graceMs: number;
  readonly bytesPerMs: number;
}

/** 16 KB a second is slower than any line in use, and far more than a sender shows who only wants to keep a socket busy. */
const SLOWEST_PACE: SlowestPace = { graceMs: 20_000, bytesPerMs: 16 };

/** A body up to this size is read in one go, which costs less than counting as it comes. */
const AT_ONCE_BYTES = 256 * 1024;

/**
 * Reads and parses a JSON body. Errors: 413 over `maxBytes`, 415 for another type or an encoding, 400 for what is not JSON,
 * 408 when it comes too slowly.
 */
export async function readJson(
  request: Request,
  maxBytes: number,
  pace: SlowestPace = SLOWEST_PACE,
): Promise<unknown> {
  return parseBody(await readBytes(request, maxBytes, pace));
}

/** As `readJson`, for the routes that take an object; tells its size in bytes too. */
export async function readJsonObject(
  request: Request,
  maxBytes: number,
): Promise<{ value: JsonObject; bytes: number }> {
  const bytes = await readBytes(request, maxBytes, SLOWEST_PACE);
  const value = parseBody(bytes);
  if (!isJsonObject(value)) throw invalidRequest('The request body must be a JSON object');
  return { value, bytes: bytes.byteLength };
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
  const form = new URLSearchParams(decodeUtf8(await readBytes(request, maxBytes, SLOWEST_PACE, FORM_TYPE)));
  const names = [...form.keys()];
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw invalidRequest(`${repeated}: is given more than once`);
  return form;
}

function parseBody(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) throw invalidRequest('The request body is empty; send a JSON object');
  return parseJson(decodeUtf8(bytes));
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
  type: RegExp = JSON_TYPE,
): Promise<Uint8Array> {
  checkContentType(request.headers, type);
  const declared = request.headers.get('content-length');
  if (Number(declared) > maxBytes) throw tooLarge(maxBytes);
  if (declared === null || Number(declared) > AT_ONCE_BYTES)
    return await readCounting(request, maxBytes, pace);
  return new Uint8Array(await inTime(whileReading(request.arrayBuffer()), pace.graceMs));
}

/** Without a Content-Length the size is known only by counting, so the reading stops at the limit. */
async function readCounting(request: Request, maxBytes: number, pace: SlowestPace): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let total = 0;
  const startedAt = performance.now();
  const reader = request.body.getReader();
  try {
    while (true) {
      const leftMs = startedAt + pace.graceMs + total / pace.bytesPerMs - performance.now();
      const { done, value } = await inTime(whileReading(reader.read()), leftMs);
      if (done) return Buffer.concat(parts);
      total += value.byteLength;
      if (total > maxBytes) throw tooLarge(maxBytes);
      parts.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function inTime<T>(reading: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new TurnpikeError('request_timeout', { headers: { connection: 'close' } }));
  }, timeoutMs);
  try {
    return await Promise.race([reading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A sender that stops half-way is its own mistake, not an internal error. */
async function whileReading<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw new TurnpikeError('invalid_request', { message: 'The request body ended early', cause });
  }
}

function tooLarge(maxBytes: number): TurnpikeError {
  return new TurnpikeError('payload_too_large', {
    message: `Request payload too large: at most ${maxBytes} bytes are accepted`,
    headers: { connection: 'close' },
  });
}
