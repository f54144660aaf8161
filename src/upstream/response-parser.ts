/**
 * Reads one HTTP/1.1 answer after the other out of the bytes of a connection (RFC 9112), pushing the body on as it comes,
 * uncopied. It is strict: what two readers could frame differently is refused, because an answer that ends elsewhere than its
 * provider thinks would hand the rest of it to the next tenant on the connection.
 *
 * Refused: Content-Length beside Transfer-Encoding, a repeated or unclear one of either, every transfer coding but one
 * `chunked`, any in HTTP/1.0, lines that do not end with CR LF, folded fields, control characters, space before a colon, an
 * upgrade, and chunk sizes that are anything but hexadecimal digits.
 */
import { AnswerFields, isTokenByte, isValueByte } from './answer-fields.ts';
import { MalformedAnswer } from './malformed-answer.ts';

/** A head, all interim heads before it included. */
export const MAX_HEAD_BYTES = 64 * 1024;
export const MAX_TRAILER_BYTES = 16 * 1024;
/** Of one chunk, its extension and the padding behind its size together. */
export const MAX_CHUNK_EXTENSION_BYTES = 1024;
/** 2^52 at most, so that sums stay exact. */
const MAX_CHUNK_DIGITS = 13;

/** Called while `push` runs. */
export interface AnswerSink {
  onHead(fields: AnswerFields): void;
  onBytes(bytes: Uint8Array): void;
}

const HEAD = 0;
/** Bytes of a body with Content-Length. */
const LENGTH = 1;
const UNTIL_CLOSE = 2;
const CHUNK_SIZE = 3;
const CHUNK_EXTENSION = 4;
const CHUNK_SIZE_LF = 5;
const CHUNK_DATA = 6;
const CHUNK_DATA_CR = 7;
const CHUNK_DATA_LF = 8;
/** At the start of a line behind the last chunk: a field, or the CR of the end. */
const TRAILER_START = 9;
const TRAILER_NAME = 10;
const TRAILER_VALUE = 11;
const TRAILER_LF = 12;
const LAST_LF = 13;
const COMPLETE = 14;
const STOPPED = 15;

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const BEGINNING = Buffer.from('HTTP/1.');
const NO_BYTES = Buffer.alloc(0);

export class ResponseParser {
  readonly #sink: AnswerSink;
  #state = HEAD;
  /** Bytes of the body or of the chunk that are still to come. */
  #left = 0;
  #digits = 0;
  /** Bytes of the extension or of the trailer so far. */
  #lineBytes = 0;
  /** The beginning of a head whose end has not come yet; grown by doubling, so that a head in single bytes stays cheap. */
  #pending = NO_BYTES;
  #pendingBytes = 0;
  #interimBytes = 0;
  #fields: AnswerFields | null = null;
  #excess = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** Begins the next answer of the same connection. */
  reset(): void {
    this.#state = HEAD;
    this.#left = 0;
    this.#pendingBytes = 0;
    this.#interimBytes = 0;
    this.#fields = null;
    this.#excess = false;
  }

  /** Nothing more is pushed on, also not out of the bytes that `push` is busy with. */
  stop(): void {
    this.#state = STOPPED;
  }

  /** No byte of an answer has come, not even of an interim one. */
  get isUntouched(): boolean {
    return this.#state === HEAD && this.#pendingBytes === 0 && this.#interimBytes === 0;
  }

  /** The answer's framing lets the connection be used again, and the answer is complete with nothing behind it. */
  get allowsReuse(): boolean {
    return this.#state === COMPLETE && !this.#excess && this.#fields?.keepsAlive === true;
  }

  /** The end of the connection is the proper end of this answer. */
  get endsWithConnection(): boolean {
    return this.#state === UNTIL_CLOSE;
  }

  get hasHead(): boolean {
    return this.#fields !== null;
  }

  /** What the head says of how long the connection lives when idle. */
  get keepAliveSeconds(): number | null {
    return this.#fields?.keepAliveSeconds ?? null;
  }

  /** True once the answer is complete. Throws MalformedAnswer. */
  push(bytes: Buffer): boolean {
    const end = bytes.length;
    let at = 0;
    while (at < end) {
      if (this.#state === HEAD) {
        at = this.#readHead(bytes, at);
      } else if (this.#state === LENGTH || this.#state === CHUNK_DATA) {
        const part = end - at > this.#left ? bytes.subarray(at, at + this.#left) : from(bytes, at);
        at += part.length;
        this.#left -= part.length;
        if (this.#left === 0) this.#state = this.#state === LENGTH ? COMPLETE : CHUNK_DATA_CR;
        this.#sink.onBytes(part);
      } else if (this.#state === UNTIL_CLOSE) {
        const part = from(bytes, at);
        at = end;
        this.#sink.onBytes(part);
      } else if (this.#state === COMPLETE) {
        this.#excess = true;
        return true;
      } else if (this.#state === STOPPED) {
        return false;
      } else {
        at = this.#readFraming(bytes, at);
      }
    }
    return this.#state === COMPLETE;
  }

  #readHead(bytes: Buffer, from: number): number {
    if (this.#pendingBytes > 0) return this.#continueHead(bytes, from);
    const end = bytes.indexOf(END_OF_HEAD, from);
    if (end !== -1) {
      this.#takeHead(bytes, from, end + 2);
      return end + END_OF_HEAD.length;
    }
    this.#keep(bytes, from, bytes.length);
    this.#refuseHopelessHead(0);
    return bytes.length;
  }

  #continueHead(bytes: Buffer, from: number): number {
    const known = this.#pendingBytes;
    // What lies behind the end of the head is kept too and thrown away again; the bound keeps it small.
    this.#keep(bytes, from, Math.min(bytes.length, from + MAX_HEAD_BYTES + END_OF_HEAD.length - known));
    const pending = this.#pending.subarray(0, this.#pendingBytes);
    const end = pending.indexOf(END_OF_HEAD, Math.max(0, known - END_OF_HEAD.length + 1));
    if (end === -1) {
      this.#refuseHopelessHead(known);
      return bytes.length;
    }
    this.#pending = NO_BYTES;
    this.#pendingBytes = 0;
    this.#takeHead(pending, 0, end + 2);
    return from + end + END_OF_HEAD.length - known;
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const known = this.#pendingBytes;
    const total = Math.min(known + to - from, MAX_HEAD_BYTES + END_OF_HEAD.length);
    if (total > this.#pending.length) {
      const grown = Buffer.allocUnsafe(Math.max(total, 512, this.#pending.length * 2));
      this.#pending.copy(grown, 0, 0, known);
      this.#pending = grown;
    }
    bytes.copy(this.#pending, known, from, from + total - known);
    this.#pendingBytes = total;
  }

  /** What no further byte can turn into a head is refused at once instead of being waited for. */
  #refuseHopelessHead(checked: number): void {
    const total = this.#pendingBytes;
    if (total > MAX_HEAD_BYTES) throw new MalformedAnswer('The head is too long', 'too-large');
    const compared = Math.min(total, BEGINNING.length);
    if (BEGINNING.compare(this.#pending, 0, compared, 0, compared) !== 0) {
      throw new MalformedAnswer('The answer does not begin with HTTP/1.');
    }
    for (let lf = this.#pending.indexOf(LF, checked); lf !== -1 && lf < total; ) {
      if (this.#pending[lf - 1] !== CR) throw new MalformedAnswer('A line of the head ends without CR');
      lf = this.#pending.indexOf(LF, lf + 1);
    }
  }

  #takeHead(bytes: Buffer, start: number, end: number): void {
    this.#interimBytes += end - start;
    if (this.#interimBytes > MAX_HEAD_BYTES) throw new MalformedAnswer('The head is too long', 'too-large');
    const fields = new AnswerFields(bytes, start, end);
    if (fields.status < 200) {
      if (fields.status === 101) throw new MalformedAnswer('The provider changed the protocol unasked');
      return;
    }
    this.#fields = fields;
    if (fields.hasNoBody) this.#state = COMPLETE;
    else if (fields.isChunked) this.#beginChunk();
    else if (fields.contentLength === null) this.#state = UNTIL_CLOSE;
    else {
      this.#left = fields.contentLength;
      this.#state = this.#left === 0 ? COMPLETE : LENGTH;
    }
    this.#sink.onHead(fields);
  }

  #beginChunk(): void {
    this.#state = CHUNK_SIZE;
    this.#left = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
  }

  /** Sizes, line ends and trailers: byte by byte, until a body byte or the end is next. */
  #readFraming(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length && this.#state >= CHUNK_SIZE && this.#state < COMPLETE) {
      if (this.#state === CHUNK_DATA) return at;
      this.#readFramingByte(bytes[at] ?? 0);
      at += 1;
    }
    return at;
  }

  #readFramingByte(byte: number): void {
    switch (this.#state) {
      case CHUNK_SIZE: {
        const digit = hexDigit(byte);
        if (digit !== -1) {
          this.#digits += 1;
          if (this.#digits > MAX_CHUNK_DIGITS)
            throw new MalformedAnswer('A chunk size is too long', 'too-large');
          this.#left = this.#left * 16 + digit;
          return;
        }
        if (this.#digits === 0) throw new MalformedAnswer('A chunk has no size');
        if (byte === CR) this.#state = CHUNK_SIZE_LF;
        else if (byte === SEMICOLON || byte === SPACE || byte === HTAB) this.#state = CHUNK_EXTENSION;
        else throw new MalformedAnswer('A chunk size is not hexadecimal');
        return;
      }
      case CHUNK_EXTENSION:
        this.#lineBytes += 1;
        if (this.#lineBytes > MAX_CHUNK_EXTENSION_BYTES) {
          throw new MalformedAnswer('A chunk extension is too long', 'too-large');
        }
        if (byte === CR) this.#state = CHUNK_SIZE_LF;
        else if (!isValueByte(byte)) throw new MalformedAnswer('A chunk extension has a control character');
        return;
      case CHUNK_SIZE_LF:
        expectByte(byte, LF);
        this.#lineBytes = 0;
        this.#state = this.#left === 0 ? TRAILER_START : CHUNK_DATA;
        return;
      case CHUNK_DATA_CR:
        expectByte(byte, CR);
        this.#state = CHUNK_DATA_LF;
        return;
      case CHUNK_DATA_LF:
        expectByte(byte, LF);
        this.#beginChunk();
        return;
      case LAST_LF:
        expectByte(byte, LF);
        this.#state = COMPLETE;
        return;
      default:
        this.#readTrailerByte(byte);
    }
  }

  /** Trailers say nothing that we use; they are held to the form of fields and dropped. */
  #readTrailerByte(byte: number): void {
    this.#lineBytes += 1;
    if (this.#lineBytes > MAX_TRAILER_BYTES)
      throw new MalformedAnswer('The trailer is too long', 'too-large');
    if (this.#state === TRAILER_START && byte === CR) this.#state = LAST_LF;
    else if (this.#state === TRAILER_NAME && byte === COLON) this.#state = TRAILER_VALUE;
    else if (this.#state === TRAILER_START || this.#state === TRAILER_NAME) {
      if (!isTokenByte(byte)) throw new MalformedAnswer('The trailer has a line that is not a field');
      this.#state = TRAILER_NAME;
    } else if (this.#state === TRAILER_LF) {
      expectByte(byte, LF);
      this.#state = TRAILER_START;
    } else if (byte === CR) this.#state = TRAILER_LF;
    else if (!isValueByte(byte)) throw new MalformedAnswer('The trailer has a control character');
  }
}

function from(bytes: Buffer, at: number): Buffer {
  return at === 0 ? bytes : bytes.subarray(at);
}

function expectByte(byte: number, expected: number): void {
  if (byte !== expected) throw new MalformedAnswer('A chunk does not end where its size says');
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
