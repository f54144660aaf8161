/** Texts and numbers inside a text that is JSON, as a call's arguments are, and how to replace one so that it stays JSON. */
import type { Work } from './work.ts';

export interface JsonToken {
  /** In the JSON, quotes included. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly isNumber: boolean;
}

/** So many are read before others get their turn. */
const A_TURN = 1024;
/** So many characters of one text are read, or written, at once. */
const SLICE = 32_768;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
/** What texts have between their escapes, a slice of it: no quotes, no backslash, nothing below a space. */
const PLAIN = new RegExp(`[^"\\\\\\0-\\x1f]{0,${SLICE}}`, 'y');
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

function matchEnd(pattern: RegExp, json: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(json) ? pattern.lastIndex : -1;
}

/** What may come next: a value, a value or `]`, a name or `}`, a name, `:`, or `,` and what ends an object or a list. */
type Next = 'value' | 'first' | 'firstName' | 'name' | 'colon' | 'comma';

/**
 * Read by RFC 8259, as `JSON.parse` does, which would hold up everybody else for as long as it takes. Null: it is no JSON, and has to be
 * looked at as any other text. Yields wherever others may have their turn.
 */
export function* jsonTokens(json: string): Work<JsonToken[] | null> {
  const tokens: JsonToken[] = [];
  /** Of each object or list that is open, whether it is an object. */
  const open: boolean[] = [];
  let next = 'value' as Next;
  let step = 0;
  for (let at = matchEnd(SPACE, json, 0); at < json.length; at = matchEnd(SPACE, json, at)) {
    step += 1;
    if (step % A_TURN === 0) yield;
    const sign = json[at];
    const start = at;
    at += 1;
    if (next === 'colon') {
      if (sign !== ':') return null;
      next = 'value';
    } else if (next === 'comma') {
      const isObject = open.at(-1);
      if (sign === ',' && isObject !== undefined) next = isObject ? 'name' : 'value';
      else if (isObject !== undefined && sign === (isObject ? '}' : ']')) open.pop();
      else return null;
    } else if (sign === '"') {
      at = yield* textEnd(json, start);
      if (at === -1) return null;
      tokens.push({ start, end: at, text: yield* unescaped(json.slice(start + 1, at - 1)), isNumber: false });
      next = next === 'name' || next === 'firstName' ? 'colon' : 'comma';
    } else if (next === 'name') return null;
    else if (next === 'firstName') {
      if (sign !== '}') return null;
      open.pop();
      next = 'comma';
    } else if (sign === '{' || sign === '[') {
      open.push(sign === '{');
      next = sign === '{' ? 'firstName' : 'first';
    } else if (sign === ']' && next === 'first') {
      open.pop();
      next = 'comma';
    } else {
      const end = matchEnd(NUMBER, json, start);
      at = end === -1 ? matchEnd(WORD, json, start) : end;
      if (at === -1) return null;
      if (end !== -1) tokens.push({ start, end, text: json.slice(start, end), isNumber: true });
      next = 'comma';
    }
  }
  return next === 'comma' && open.length === 0 ? tokens : null;
}

/** Behind the quotes that end a text; -1: nothing does. */
function* textEnd(json: string, start: number): Work<number> {
  let read = 0;
  for (let at = start + 1; ; ) {
    const from = at;
    at = matchEnd(PLAIN, json, at);
    if (json[at] === '"') return at + 1;
    if (json[at] === '\\') at = matchEnd(ESCAPE, json, at);
    if (at === -1 || at === from) return -1;
    read += at - from;
    if (read > SLICE) {
      read = 0;
      yield;
    }
  }
}

/** What a text says, of which this is what stands between the quotes. */
function* unescaped(raw: string): Work<string> {
  if (!raw.includes('\\')) return raw;
  const parts: string[] = [];
  for (let at = 0; at < raw.length; ) {
    const to = at + SLICE < raw.length ? cutAt(raw, at, at + SLICE) : raw.length;
    parts.push(JSON.parse(`"${raw.slice(at, to)}"`) as string);
    at = to;
    if (at < raw.length) yield;
  }
  return parts.join('');
}

/** The text in quotes, with what needs them escaped. */
export function* quoted(text: string): Work<string> {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    let to = Math.min(text.length, at + SLICE);
    // Both halves of a character stay together.
    if (to < text.length && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to += 1;
    parts.push(JSON.stringify(text.slice(at, to)).slice(1, -1));
    at = to;
    if (at < text.length) yield;
  }
  return `"${parts.join('')}"`;
}

/** `to`, or where the escape begins that it would cut. */
function cutAt(json: string, from: number, to: number): number {
  if (isEscaped(json, from, to)) return to - 1;
  for (let back = 1; back <= 4; back += 1)
    if (json[to - back] === 'u' && isEscaped(json, from, to - back)) return to - back - 1;
  return to;
}

function isEscaped(json: string, from: number, at: number): boolean {
  let first = at;
  while (first > from && json[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}
