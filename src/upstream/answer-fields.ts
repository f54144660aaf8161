/**
 * The head of an answer: kept as its text, of which only what frames the answer is read at once. Other fields are looked up
 * when somebody asks.
 */
import { MalformedAnswer } from './malformed-answer.ts';
import type { AnswerHead } from './upstream.ts';

/** RFC 9112, section 4; the space before an absent reason is left out by some. */
const STATUS_LINE = /HTTP\/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/y;
/** RFC 9110, section 5: no space before the colon, no control character in the value, no folding. */
const FIELD_LINE = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n/y;
const MAX_LENGTH_DIGITS = 15;

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
  readonly #text: string;
  readonly #firstField: number;
  readonly #isHttp10: boolean;

  /** `text` is a head up to and including the line end of its last field. Throws MalformedAnswer. */
  static parse(text: string): AnswerFields {
    return new AnswerFields(text);
  }

  private constructor(text: string) {
    STATUS_LINE.lastIndex = 0;
    const match = STATUS_LINE.exec(text);
    if (match === null) throw new MalformedAnswer('The status line is not one of HTTP/1.1');
    this.#text = text;
    this.#firstField = STATUS_LINE.lastIndex;
    this.#isHttp10 = match[1] === '0';
    this.status = Number(match[2]);
    this.keepsAlive = !this.#isHttp10;
    let closes = false;
    for (let at = this.#firstField; at < text.length; at = FIELD_LINE.lastIndex) {
      FIELD_LINE.lastIndex = at;
      if (!FIELD_LINE.test(text)) throw new MalformedAnswer('The head has a line that is not a field');
      // The names of all fields that matter here begin with c, k or t; most others are passed over without being cut out.
      const first = text.charCodeAt(at) | 0x20;
      if (first !== 0x63 && first !== 0x74 && first !== 0x6b) continue;
      if (this.#readField(at, FIELD_LINE.lastIndex) === 'close') closes = true;
    }
    if (closes) this.keepsAlive = false;
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
    for (let at = this.#firstField; at < text.length; ) {
      const end = text.indexOf('\r\n', at);
      const colon = text.indexOf(':', at);
      if (colon - at === wanted.length && text.slice(at, colon).toLowerCase() === wanted) {
        const value = trimmed(text.slice(colon + 1, end));
        found = found === null ? value : `${found}, ${value}`;
      }
      at = end + 2;
    }
    return found;
  }

  #readField(at: number, end: number): 'close' | undefined {
    const colon = this.#text.indexOf(':', at);
    const name = this.#text.slice(at, colon).toLowerCase();
    const value = (): string => trimmed(this.#text.slice(colon + 1, end - 2));
    if (name === 'content-length') this.#readLength(value());
    else if (name === 'transfer-encoding') this.#readTransferEncoding(value());
    else if (name === 'content-encoding')
      this.contentEncoding = this.contentEncoding === null ? value() : `${this.contentEncoding}, ${value()}`;
    else if (name === 'keep-alive') this.#readKeepAlive(value());
    else if (name === 'connection') {
      const options = value().toLowerCase().split(',').map(trimmed);
      if (options.includes('close')) return 'close';
      if (this.#isHttp10 && options.includes('keep-alive')) this.keepsAlive = true;
    }
    return undefined;
  }

  #readLength(value: string): void {
    if (this.contentLength !== null) throw new MalformedAnswer('Content-Length is repeated');
    if (!/^[0-9]+$/.test(value) || value.length > MAX_LENGTH_DIGITS) {
      throw new MalformedAnswer('Content-Length is not a number');
    }
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

/** Without the optional white space of RFC 9110, section 5.6.3, which is less than what `trim` takes away. */
function trimmed(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, '');
}
