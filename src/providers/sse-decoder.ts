/** Server-sent events out of bytes, as they come from strangers (WHATWG HTML, section 9.2.6): any line end, any split, bounded. */

const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

export interface SseSink {
  /** One event: its `data`, and its `event` (empty when it names none). */
  onEvent(data: string, name: string): void;
}

/**
 * More lenient than the standard where vendors are: JSON on a line of its own, without `data:`, is an event too, and so is a last one
 * without its blank line. llama.cpp tells of a failure in a field `error:`, which is an event of that name.
 */
export class SseDecoder {
  /** Made when a read ends within a character: then what is left of it waits for the next. Most reads end a line. */
  #decoder: TextDecoder | undefined;
  #hasBegun = false;
  /** The unfinished line. Parts are joined only when a line end arrives, so a byte at a time does not cost quadratic time. */
  #lineParts: string[] = [];
  #lineCharacters = 0;
  #data: string | undefined;
  #name = '';
  #afterCarriageReturn = false;

  /** Tells of each event that is complete with these bytes. Throws RangeError when one event grows over 16 Mi characters. */
  push(bytes: Uint8Array, sink: SseSink): void {
    const text = this.#withLineFeeds(this.#decode(bytes));
    let start = 0;
    let end = text.indexOf('\n');
    while (end !== -1) {
      if (this.#isWholeEvent(text, start, end)) {
        const name = this.#name;
        this.#name = '';
        sink.onEvent(text.slice(start + 6, end), name);
        start = end + 2;
      } else {
        this.#endLine(this.#takeLine(text.slice(start, end)), sink);
        start = end + 1;
      }
      end = text.indexOf('\n', start);
    }
    if (start < text.length) this.#keep(start === 0 ? text : text.slice(start));
  }

  /** Nearly every event is one line of data with its blank line behind it: that one is cut out at once. */
  #isWholeEvent(text: string, start: number, end: number): boolean {
    return (
      this.#data === undefined &&
      this.#lineParts.length === 0 &&
      text.charCodeAt(end + 1) === 10 &&
      text.startsWith('data: ', start)
    );
  }

  /** The bytes are at their end: tells of an event that lacks only its line ends. */
  end(sink: SseSink): void {
    this.#endLine(this.#takeLine(this.#decoder?.decode() ?? ''), sink);
    this.#endLine('', sink);
  }

  #decode(bytes: Uint8Array): string {
    if (bytes.length === 0) return '';
    let text: string;
    if (this.#decoder === undefined && isAscii(bytes[bytes.length - 1])) text = wholeCharacters.decode(bytes);
    else {
      this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
      text = this.#decoder.decode(bytes, { stream: true });
    }
    if (this.#hasBegun || text === '') return text;
    this.#hasBegun = true;
    return text.startsWith('\ufeff') ? text.slice(1) : text;
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

  #endLine(line: string, sink: SseSink): void {
    if (line === '') {
      const data = this.#data;
      const name = this.#name;
      this.#data = undefined;
      this.#name = '';
      if (data !== undefined) sink.onEvent(data, name);
    } else if (line.startsWith('data:')) {
      const value = line.charCodeAt(5) === 32 ? line.slice(6) : line.slice(5);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
      this.#bound();
    } else if (line.startsWith('event:')) {
      this.#name = line.slice(6).trim();
    } else if (line.startsWith('error:')) {
      sink.onEvent(line.slice(6).trim(), 'error');
    } else if (line.startsWith('{') || line.startsWith('[')) {
      sink.onEvent(line, this.#name);
    }
  }
}

/** For all streams: it keeps nothing between two reads. A byte-order mark in the middle of a text is part of it. */
const wholeCharacters = new TextDecoder('utf-8', { ignoreBOM: true });

function isAscii(byte: number | undefined): boolean {
  return byte !== undefined && byte < 0x80;
}
