/**
 * Takes a provider's secret out of text that the provider wrote. Providers repeat the key that they refuse: whole, masked in the
 * middle, percent-encoded, escaped, in base64 or hex, in pieces. Used on failures only, so thoroughness is worth more than speed.
 */
import { redactText } from '../log.ts';

const MASK = '[redacted]';

/** More is cut off before it is looked at. */
const MAX_INPUT_CHARACTERS = 64 * 1024;

/** Pieces of the secret of this length and above are not chance. Base64 and hex spread a piece over more characters. */
const PIECE = { plain: 6, base64: 8, hex: 12 } as const;

/** Below this a piece of it would be an ordinary word; then only the whole of it is looked for. */
const SHORTEST_TO_SPLIT = 12;

interface Traces {
  /** Every spelling of the secret, cut into pieces of one length. */
  readonly pieces: readonly { readonly length: number; readonly set: ReadonlySet<string> }[];
  readonly whole: readonly string[];
  /** The first and last characters, which a masked form shows; empty for short secrets. */
  readonly head: string;
  readonly tail: string;
}

/** Shorter is what people write where a server asks for no key ("x", "sk"): it hides nothing, and is in half of all words. */
const SHORTEST_SECRET = 3;

/** The text without any trace of the secret. Null or nearly empty: there is no secret, and only what looks like some key is masked. */
export function withoutSecret(text: string, secret: string | null): string {
  const bounded = text.slice(0, MAX_INPUT_CHARACTERS);
  if (secret === null || secret.length < SHORTEST_SECRET) return redactText(bounded);
  const traces = tracesOf(secret);
  // Words that hold a piece go as a whole; what is left are secrets too short to be cut in pieces.
  let safe = withoutPieces(bounded, traces);
  safe = withoutWhole(safe, traces.whole);
  return redactText(withoutMasked(safe, traces));
}

const remembered = new Map<string, Traces>();

function tracesOf(secret: string): Traces {
  const known = remembered.get(secret);
  if (known !== undefined) return known;
  const traces = findTraces(secret);
  // A token of a login is somebody else's, and gone with its request.
  if (secret.startsWith('sk-ant-oat')) return traces;
  if (remembered.size >= 256) remembered.clear();
  remembered.set(secret, traces);
  return traces;
}

function findTraces(secret: string): Traces {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // The first characters also hold bits of what stands before the secret, the last ones of what stands behind it.
    return text.slice(shift === 0 ? 0 : shift + 1, -4);
  });
  const hex = bytes.toString('hex');
  const plain = folded(secret);
  const canSplit = plain.length >= SHORTEST_TO_SPLIT;
  const backwards = [...plain].reverse().join('');
  return {
    pieces: canSplit
      ? [
          piecesOf(PIECE.plain, [plain, backwards]),
          piecesOf(PIECE.base64, base64.map(folded)),
          piecesOf(PIECE.hex, [hex]),
        ]
      : [],
    whole: [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      bytes.toString('base64'),
      bytes.toString('base64url'),
      hex,
    ].filter((spelling) => spelling !== ''),
    head: canSplit ? secret : '',
    tail: canSplit ? secret : '',
  };
}

function piecesOf(length: number, spellings: readonly string[]) {
  const set = new Set<string>();
  for (const spelling of spellings) {
    for (let at = 0; at + length <= spelling.length; at++) set.add(spelling.slice(at, at + length));
  }
  return { length, set };
}

/** Letters and digits alone, in lower case: separators, line breaks and quotes between pieces of a secret hide nothing then. */
function folded(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** A text with some of its escapes read as what they stand for, and where each of its characters begins and ends in the original. */
interface Reading {
  readonly text: string;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** JSON in JSON in JSON doubles the backslashes each time. */
const MAX_READINGS = 7;

const ESCAPE =
  /%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\u\{([0-9a-f]{1,6})\}|\\x([0-9a-f]{2})|&#(\d{1,7});|&#x([0-9a-f]{1,6});|\\(["\\/])/gi;

/** The text as it stands, then with its escapes read, then with the escapes that came to light by that, and so on. */
function readingsOf(text: string): Reading[] {
  const places = Array.from({ length: text.length }, (_, at) => at);
  const readings: Reading[] = [{ text, from: places, to: places.map((at) => at + 1) }];
  while (readings.length < MAX_READINGS) {
    const next = unescaped(readings.at(-1) as Reading);
    if (next === null) break;
    readings.push(next);
  }
  return readings;
}

/** Null: there is no escape in it. */
function unescaped(reading: Reading): Reading | null {
  const parts: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let done = 0;
  const keep = (end: number) => {
    parts.push(reading.text.slice(done, end));
    for (let at = done; at < end; at++) {
      from.push(reading.from[at] ?? 0);
      to.push(reading.to[at] ?? 0);
    }
  };
  for (const found of reading.text.matchAll(ESCAPE)) {
    keep(found.index);
    done = found.index + found[0].length;
    const character = escaped(found);
    parts.push(character);
    for (let unit = 0; unit < character.length; unit++) {
      from.push(reading.from[found.index] ?? 0);
      to.push(reading.to[done - 1] ?? 0);
    }
  }
  if (done === 0) return null;
  keep(reading.text.length);
  return { text: parts.join(''), from, to };
}

function escaped([, percent, u4, u, x, decimal, hexadecimal, plain]: RegExpExecArray): string {
  if (plain !== undefined) return plain;
  const hex = percent ?? u4 ?? u ?? x ?? hexadecimal;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

type Span = readonly [start: number, end: number];

/** Every word that holds a piece of the secret is masked as a whole, and so is what stands between two of them. */
function withoutPieces(text: string, traces: Traces): string {
  if (traces.pieces.length === 0) return text;
  const spans = readingsOf(text).flatMap((reading) => pieceSpans(reading, traces));
  return masked(text, spans, 'words');
}

function pieceSpans({ text, from, to }: Reading, traces: Traces): Span[] {
  let plain = '';
  const places: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = (text[at] ?? '').toLowerCase();
    if (!/^[a-z0-9]$/.test(character)) continue;
    plain += character;
    places.push(at);
  }
  const spans: Span[] = [];
  for (const { length, set } of traces.pieces) {
    for (let at = 0; at + length <= plain.length; at++) {
      if (!set.has(plain.slice(at, at + length))) continue;
      spans.push([from[places[at] ?? 0] ?? 0, to[places[at + length - 1] ?? 0] ?? 0]);
    }
  }
  return spans;
}

/** The whole secret, in a text that may hold it as JSON in JSON. What stands around it stays. */
function withoutWhole(text: string, spellings: readonly string[]): string {
  const spans = readingsOf(text).flatMap((reading) =>
    spellings.flatMap((spelling) => wholeSpans(reading, spelling)),
  );
  return masked(text, spans, 'spans');
}

function wholeSpans({ text, from, to }: Reading, spelling: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(spelling); at !== -1; at = text.indexOf(spelling, at + spelling.length)) {
    spans.push([from[at] ?? 0, to[at + spelling.length - 1] ?? 0]);
  }
  return spans;
}

/** `whole`: from the beginning of the first word to the end of the last. */
function masked(text: string, spans: readonly Span[], whole: 'words' | 'spans'): string {
  if (spans.length === 0) return text;
  const isOfAWord = (at: number) => whole === 'words' && /[^\s"'`<>()[\]{},]/.test(text[at] ?? ' ');
  const sorted = [...spans].sort((a, b) => a[0] - b[0]);
  let result = '';
  let done = 0;
  for (let [start, end] of sorted) {
    if (end <= done) continue;
    while (start > done && isOfAWord(start - 1)) start -= 1;
    while (end < text.length && isOfAWord(end)) end += 1;
    if (start >= done) result += `${text.slice(done, start)}${MASK}`;
    done = end;
  }
  return result + text.slice(done);
}

/** Words such as `sk-canar****3456`, `sk-...56` or `ending in 3456`, whose visible parts are the secret's first and last characters. */
function withoutMasked(text: string, { head, tail }: Traces): string {
  if (head === '') return text;
  const lowerHead = head.toLowerCase();
  const lowerTail = tail.toLowerCase();
  return text.replace(/[A-Za-z0-9_\-.*•●·…#]+/g, (word) => {
    // A full stop ends the sentence, two or more are a mask.
    const parts = word
      .toLowerCase()
      .replace(/(?<!\.)\.$/, '')
      .split(/(?:[*•●·…#]|\.{2,}|x{3,})+/);
    const first = parts[0] ?? '';
    const last = parts.at(-1) ?? '';
    const isCut = parts.length > 1;
    const showsHead = first.length >= (isCut ? 2 : 5) && lowerHead.startsWith(first);
    const showsTail = last.length >= (isCut ? 2 : 4) && lowerTail.endsWith(last);
    return showsHead || showsTail ? MASK : word;
  });
}
