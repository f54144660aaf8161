/**
 * The head of an answer: kept as its text, of which only what frames the answer is read at once. Other fields are looked up
 * when somebody asks.
 */
import { MalformedAnswer } from './malformed-answer.ts';
import type { AnswerHead } from './upstream.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const IS_TOKEN = 1;
const IS_VALUE = 2;

/** What each byte may be part of: a field's name, a field's value (RFC 9110, section 5). */
const classes = new Uint8Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte))) classes[byte] = IS_TOKEN | IS_VALUE;
  else if ((byte >= SPACE && byte !== 0x7f) || byte === 0x09) classes[byte] = IS_VALUE;
}

export function isTokenByte(byte: number): boolean {
  return ((classes[byte] ?? 0) & IS_TOKEN) !== 0;
}

export function isValueByte(byte: number): boolean {
  return ((classes[byte] ?? 0) & IS_VALUE) !== 0;
}

export class AnswerFields implements AnswerHead {
  readonly status: number;
  /** Of the body that follows; null: not declared. */
  contentLength: number | null = null;
  isChunked = false;
  /** The provider will read another request on this connection, as far as its head says. */
  keepsAlive: boolean;
  /** Seconds after which the provider says to close an idle connection. */
  keepAliveSeconds: number | null = null;
  /** As it stands there; null: none. */
  contentEncoding: string | null = null;
  /** The lines of the fields. */
  readonly #text: string;
  #closes = false;
  readonly #isHttp10: boolean;

  /** Of the bytes from `start` to `end`: a head up to and with the line end of its last field. Throws MalformedAnswer. */
  constructor(bytes: Buffer, start: number, end: number) {
    this.status = readStatus(bytes, start);
    this.#isHttp10 = bytes[start + 7] === 0x30;
    this.keepsAlive = !this.#isHttp10;
    const lineEnd = endOfValue(bytes, start + 12);
    if (lineEnd !== start + 12 && bytes[start + 12] !== SPACE) throw notAStatusLine();
    this.#text = bytes.toString('latin1', lineEnd + 2, end);
    for (let at = lineEnd + 2; at < end; ) {
      const colon = endOfName(bytes, at);
      const valueEnd = endOfValue(bytes, colon + 1);
      this.#readField(bytes, at, colon, valueEnd);
      at = valueEnd + 2;
    }
    if (this.#closes) this.keepsAlive = false;
    this.#refuseUnclearFraming();
  }

  /** Such an answer ends with its head, whatever its fields say (RFC 9112, section 6.3). */
  get hasNoBody(): boolean {
    return this.status === 204 || this.status === 304;
  }

  header(name: string): string | null {
    const wanted = name.toLowerCase();
    const text = this.#text;
    let found: string | null = null;
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf('\r\n', at);
      const colon = at + wanted.length;
      // The first colon of a line ends its name.
      if (text.charCodeAt(colon) === COLON && text.slice(at, colon).toLowerCase() === wanted) {
        const value = trimmed(text.slice(colon + 1, end));
        found = found === null ? value : `${found}, ${value}`;
      }
      at = end + 2;
    }
    return found;
  }

  /** Only names of these lengths matter here; the others are passed over without being looked at. */
  #readField(bytes: Buffer, start: number, colon: number, end: number): void {
    switch (colon - start) {
      case 10:
        if (isNamed(bytes, start, 'connection')) this.#readConnection(valueBetween(bytes, colon + 1, end));
        else if (isNamed(bytes, start, 'keep-alive'))
          this.#readKeepAlive(valueBetween(bytes, colon + 1, end));
        return;
      case 14:
        if (isNamed(bytes, start, 'content-length')) this.#readLength(valueBetween(bytes, colon + 1, end));
        return;
      case 16:
        if (isNamed(bytes, start, 'content-encoding')) {
          const value = valueBetween(bytes, colon + 1, end);
          this.contentEncoding = this.contentEncoding === null ? value : `${this.contentEncoding}, ${value}`;
        }
        return;
      case 17:
        if (isNamed(bytes, start, 'transfer-encoding')) {
          this.#readTransferEncoding(valueBetween(bytes, colon + 1, end));
        }
        return;
    }
  }

  #readConnection(value: string): void {
    const options = value.toLowerCase().split(',');
    for (const option of options) {
      if (trimmed(option) === 'close') this.#closes = true;
      else if (this.#isHttp10 && trimmed(option) === 'keep-alive') this.keepsAlive = true;
    }
  }

  #readLength(value: string): void {
    if (this.contentLength !== null) throw new MalformedAnswer('Content-Length is repeated');
    if (!/^[0-9]{1,15}$/.test(value)) throw new MalformedAnswer('Content-Length is not a number');
    this.contentLength = Number(value);
  }

  #readTransferEncoding(value: string): void {
    if (this.isChunked) throw new MalformedAnswer('Transfer-Encoding is repeated');
    if (value.toLowerCase() !== 'chunked')
      throw new MalformedAnswer('The transfer coding is none that was asked for');
    this.isChunked = true;
  }

  #readKeepAlive(value: string): void {
    const seconds = /(?:^|[,\s])timeout\s*=\s*"?([0-9]{1,6})/i.exec(value)?.[1];
    if (seconds !== undefined) this.keepAliveSeconds = Number(seconds);
  }

  #refuseUnclearFraming(): void {
    if (!this.isChunked) return;
    if (this.contentLength !== null)
      throw new MalformedAnswer('Content-Length and Transfer-Encoding are both there');
    if (this.#isHttp10) throw new MalformedAnswer('HTTP/1.0 has no transfer codings');
  }
}

/** RFC 9112, section 4: `HTTP/1.1 200 OK`, where some leave out the space before an absent reason. */
function readStatus(bytes: Buffer, start: number): number {
  const minor = bytes[start + 7];
  const hundreds = digit(bytes, start + 9);
  const tens = digit(bytes, start + 10);
  const ones = digit(bytes, start + 11);
  if (
    !startsWith(bytes, start, 'HTTP/1.') ||
    (minor !== 0x30 && minor !== 0x31) ||
    bytes[start + 8] !== SPACE ||
    hundreds < 1 ||
    tens < 0 ||
    ones < 0
  ) {
    throw notAStatusLine();
  }
  return hundreds * 100 + tens * 10 + ones;
}

/** -1: it is none. */
function digit(bytes: Buffer, at: number): number {
  const value = (bytes[at] ?? 0) - 0x30;
  return value <= 9 ? value : -1;
}

function startsWith(bytes: Buffer, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (bytes[start + at] !== text.charCodeAt(at)) return false;
  }
  return true;
}

/** `name` is in lower case; the bytes are a token, in any case. */
function isNamed(bytes: Buffer, start: number, name: string): boolean {
  for (let at = 0; at < name.length; at += 1) {
    if (((bytes[start + at] ?? 0) | 0x20) !== name.charCodeAt(at)) return false;
  }
  return true;
}

function notAStatusLine(): MalformedAnswer {
  return new MalformedAnswer('The status line is not one of HTTP/1.1');
}

/** Where the colon of a field stands: its name has a byte at least, and no space before the colon. */
function endOfName(bytes: Buffer, start: number): number {
  let at = start;
  while (((classes[bytes[at] ?? 0] ?? 0) & IS_TOKEN) !== 0) at += 1;
  if (at === start || bytes[at] !== COLON)
    throw new MalformedAnswer('The head has a line that is not a field');
  return at;
}

/** Where the CR LF of a line stands. Every other control character is refused, a CR or LF by itself too. */
function endOfValue(bytes: Buffer, start: number): number {
  let at = start;
  while (((classes[bytes[at] ?? 0] ?? 0) & IS_VALUE) !== 0) at += 1;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) {
    throw new MalformedAnswer('The head has a control character');
  }
  return at;
}

/** Without the optional white space of RFC 9110, section 5.6.3, which is less than what `trim` takes away. */
function valueBetween(bytes: Buffer, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(bytes[from])) from += 1;
  while (to > from && isBlank(bytes[to - 1])) to -= 1;
  return bytes.toString('latin1', from, to);
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === 0x09;
}

function trimmed(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, '');
}
