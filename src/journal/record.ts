/**
 * One journal record as a line: `<crc32> <seq>+<behind> <text>`, where the record `behind` numbers before it was known to be on disk
 * when this one was written. So whoever reads a record knows that everything up to there must be readable too. Earlier versions
 * wrote `<crc32> <seq> <text>`.
 */

export interface JournalRecord {
  /** Grows by one with every record of this node, across restarts. */
  readonly seq: number;
  /** Everything up to this number was on disk when it was written; 0: it does not say. */
  readonly durableSeq: number;
  /** Whatever its owner wrote; it has no line break. */
  readonly text: string;
}

/** The text of a record that was lost with a damaged file, in whose place the operator has gone on: it says nothing. */
export const GIVEN_UP = '';

const LINE = /^([0-9a-f]{8}) (\d{1,16})(?:\+(\d{1,16}))? (.*)$/s;
const CHECKSUM_DIGITS = 8;
const NEWLINE = 10;
const SPACE = 32;
const PLUS = 43;
const DIGIT_ZERO = 48;
const FIRST_BYTES = 64 * 1024;
const MOST_BYTES_A_CHARACTER = 3;

/** Records as the bytes of their lines, made in place: every request has two of them. */
export class RecordBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  #count = 0;

  /** How many have been appended and not taken. */
  get count(): number {
    return this.#count;
  }

  append({ seq, durableSeq, text }: JournalRecord): void {
    const payload = `${seq}+${seq - durableSeq} ${text}`;
    const lineAt = this.#length;
    const payloadAt = lineAt + CHECKSUM_DIGITS + 1;
    this.#reserve(payloadAt + payload.length * MOST_BYTES_A_CHARACTER + 1);
    const end = payloadAt + this.#bytes.write(payload, payloadAt);
    writeHex(this.#bytes, lineAt, checksum(this.#bytes.subarray(payloadAt, end)));
    this.#bytes[payloadAt - 1] = SPACE;
    this.#bytes[end] = NEWLINE;
    this.#length = end + 1;
    this.#count += 1;
  }

  /** Empties it. The bytes are good until the next `append`. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    this.#count = 0;
    return taken;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(bytes * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const decoder = new TextDecoder();

/** Null: it is no record, or not as it was written. */
export function decodeLine(line: Uint8Array): JournalRecord | null {
  const match = LINE.exec(decoder.decode(line));
  if (match === null) return null;
  const [, sum = '', digits = '', behind, text = ''] = match;
  if (Number.parseInt(sum, 16) !== checksum(line.subarray(CHECKSUM_DIGITS + 1))) return null;
  const seq = Number(digits);
  return { seq, durableSeq: behind === undefined ? 0 : seq - Number(behind), text };
}

/**
 * A record in place, among the bytes of its segment: its number and where its text begins are read without looking at the
 * rest, so that whoever wants few of many records passes over the others.
 */
export class RecordView {
  seq = 0;
  readonly #bytes: Buffer;
  #lineAt = 0;
  #textAt = 0;
  #end = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Looks at the line from `start` to before `end`. False: it is no record. */
  look(start: number, end: number): boolean {
    let at = start + CHECKSUM_DIGITS + 1;
    let seq = 0;
    for (; at < end && this.#bytes[at] !== SPACE && this.#bytes[at] !== PLUS; at += 1)
      seq = seq * 10 + (this.#bytes[at] ?? 0) - DIGIT_ZERO;
    while (at < end && this.#bytes[at] !== SPACE) at += 1;
    this.seq = seq;
    this.#lineAt = start;
    this.#textAt = at + 1;
    this.#end = end;
    return at < end && Number.isSafeInteger(seq) && seq > 0;
  }

  /** The first byte of its text: what kind of record its owner made. */
  get kind(): number {
    return this.#bytes[this.#textAt] ?? 0;
  }

  /** Null: its checksum does not fit. */
  text(): string | null {
    const sum = this.#bytes.toString('latin1', this.#lineAt, this.#lineAt + CHECKSUM_DIGITS);
    const payload = this.#bytes.subarray(this.#lineAt + CHECKSUM_DIGITS + 1, this.#end);
    if (Number.parseInt(sum, 16) !== checksum(payload)) return null;
    return this.#bytes.toString('utf8', this.#textAt, this.#end);
  }
}

function checksum(payload: Uint8Array): number {
  return Bun.hash.crc32(payload);
}

const DIGITS = Buffer.from('0123456789abcdef');

function writeHex(bytes: Uint8Array, at: number, number: number): void {
  for (let digit = 0; digit < CHECKSUM_DIGITS; digit += 1) {
    bytes[at + digit] = DIGITS[(number >>> (28 - 4 * digit)) & 15] ?? 0;
  }
}
