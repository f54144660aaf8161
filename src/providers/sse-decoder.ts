/** Server-sent events out of bytes, as they come from strangers (WHATWG HTML, section 9.2.6): any line end, any split, bounded. */

const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/** What is done with each event that is complete. `name` is its `event` field; empty: none. */
export type OnEvent = (data: string, name: string) => void;

export class SseDecoder {
  readonly #decoder = new TextDecoder();
  readonly #onEvent: OnEvent;
  /** The unfinished line. Parts are joined only when a line end arrives, so a byte at a time does not cost quadratic time. */
  #lineParts: string[] = [];
  #lineCharacters = 0;
  #data: string | undefined;
  #name = '';
  #afterCarriageReturn = false;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  /** Throws RangeError when one event grows over 16 Mi characters. */
  push(bytes: Uint8Array): void {
    const text = this.#withLineFeeds(this.#decoder.decode(bytes, { stream: true }));
    let start = 0;
    let end = text.indexOf('\n');
    while (end !== -1) {
      this.#endLine(this.#takeLine(text.slice(start, end)));
      start = end + 1;
      end = text.indexOf('\n', start);
    }
    if (start < text.length) this.#keep(start === 0 ? text : text.slice(start));
  }

  /** The bytes are over: an event that lacks its blank line is one all the same, for the answer may depend on it. */
  end(): void {
    if (this.#lineParts.length > 0) this.#endLine(this.#takeLine(''));
    this.#endLine('');
  }

  /** CR and CRLF become LF; a CR at the end of one read and an LF at the start of the next are one line end. */
  #withLineFeeds(text: string): string {
    let rest = text;
    if (this.#afterCarriageReturn && rest.startsWith('\n')) rest = rest.slice(1);
    if (text !== '') this.#afterCarriageReturn = text.endsWith('\r');
    return rest.includes('\r') ? rest.replace(/\r\n?/g, '\n') : rest;
  }

  #keep(part: string): void {
    this.#lineParts.push(part);
    this.#lineCharacters += part.length;
    this.#bound();
  }

  #bound(): void {
    if (this.#lineCharacters + (this.#data?.length ?? 0) > MAX_EVENT_CHARACTERS)
      throw new RangeError('an event of the stream is too large');
  }

  #takeLine(tail: string): string {
    if (this.#lineParts.length === 0) return tail;
    this.#lineParts.push(tail);
    const line = this.#lineParts.join('');
    this.#lineParts = [];
    this.#lineCharacters = 0;
    return line;
  }

  #endLine(line: string): void {
    if (line === '') {
      const data = this.#data;
      const name = this.#name;
      this.#data = undefined;
      this.#name = '';
      if (data !== undefined) this.#onEvent(data, name);
    } else if (line.startsWith('data:')) {
      const value = line.charCodeAt(5) === 32 ? line.slice(6) : line.slice(5);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
      this.#bound();
    } else if (line.startsWith('event:')) {
      this.#name = line.slice(6).trim();
    }
  }
}
