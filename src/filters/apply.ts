/** The filters of a policy on the texts of one request: what matched is counted, and replaced where it has to be. */
import type { TextGroup, TextSlot } from '../chat/texts.ts';
import type { ContentFilter } from '../policy/policy.ts';
import type { CompiledFilters } from './compile.ts';
import { type JsonToken, jsonTokens, quoted } from './json-text.ts';
import { type FilterReport, Tally } from './outcome.ts';
import { type Replacement, replacing, replacingAcross } from './redact.ts';
import { type Finding, mayMatch, scanText } from './scan.ts';
import { done, type Work } from './work.ts';

export interface Filtered {
  readonly report: FilterReport;
  /** Texts were replaced where they stand. */
  readonly hasChanged: boolean;
  /** Why the request may not go on; null: it may. */
  readonly blocked: { readonly filter: ContentFilter; readonly names: readonly string[] } | null;
  /** A filter that redacts or blocks could not be run. */
  readonly hasFailed: boolean;
}

/** Looks at all texts, and rewrites them in their places. At once where that is quick; else in turns of the event loop. */
export function filterTexts(
  compiled: CompiledFilters,
  groups: readonly TextGroup[],
): Filtered | Promise<Filtered> {
  return done(filterWork(compiled, groups));
}

export function* filterWork(compiled: CompiledFilters, groups: readonly TextGroup[]): Work<Filtered> {
  const tally = new Tally(compiled);
  const hasChanged = yield* filtering(compiled, groups, tally);
  const { blocking, hasFailed } = tally;
  return {
    report: tally.report(compiled),
    hasChanged,
    blocked: blocking === null ? null : { filter: blocking, names: tally.namesOf(blocking) },
    hasFailed,
  };
}

/** The same, counted by a tally. Yields wherever others may have their turn. @returns whether a text was rewritten */
export function* filtering(
  compiled: CompiledFilters,
  groups: readonly TextGroup[],
  tally: Tally,
): Work<boolean> {
  let hasChanged = false;
  let sinceTurn = 0;
  for (const group of groups) {
    if (group.some((slot) => mayMatchSlot(compiled, slot)) || crosses(compiled, group)) {
      hasChanged = (yield* applyToGroup(compiled, group, tally)) || hasChanged;
      // What is not sent needs no more looking at.
      if (tally.blocking !== null) break;
      yield;
    } else {
      for (const slot of group) sinceTurn += textOf(slot).length;
      if (sinceTurn > 65_536) {
        sinceTurn = 0;
        yield;
      }
    }
  }
  return hasChanged;
}

function mayMatchSlot(compiled: CompiledFilters, { kind, holder, key }: TextSlot): boolean {
  const text = valueAt(holder, key);
  // Escapes may hide anything.
  if (kind === 'json' && typeof text === 'string' && text.includes('\\')) return true;
  return mayMatch(compiled, typeof text === 'string' ? text : JSON.stringify(text));
}

/** Whether texts in a row may match together where none of them does alone. */
function crosses(compiled: CompiledFilters, group: TextGroup): boolean {
  const texts = group.filter(({ kind }) => kind === 'text');
  return texts.length > 1 && mayMatch(compiled, texts.map(textOf).join(''));
}

function* applyToGroup(compiled: CompiledFilters, group: TextGroup, tally: Tally): Work<boolean> {
  let hasChanged = false;
  const inRow: TextSlot[] = [];
  for (const slot of group) {
    if (slot.kind === 'text') inRow.push(slot);
    else
      hasChanged =
        (yield* slot.kind === 'json'
          ? applyToJson(compiled, slot, tally)
          : applyToNumber(compiled, slot, tally)) || hasChanged;
  }
  return (yield* applyInRow(compiled, inRow, tally)) || hasChanged;
}

function* applyInRow(compiled: CompiledFilters, slots: readonly TextSlot[], tally: Tally): Work<boolean> {
  const texts = slots.map(textOf);
  const replacements: Replacement[] = [];
  const starts: number[] = [];
  let joined = '';
  for (const [at, slot] of slots.entries()) {
    const found: Finding[] = [];
    const text = texts[at] ?? '';
    yield* scanText(compiled, text, slot.writer, found, tally);
    yield* take(compiled, found, tally, replacements, joined.length);
    starts.push(joined.length);
    joined += text;
  }
  if (slots.length > 1) {
    const found: Finding[] = [];
    // Of several writers the strictest counts: it is the user who can have split it.
    const writer = slots.some((slot) => slot.writer === 'user') ? 'user' : (slots[0]?.writer ?? 'user');
    yield* scanText(compiled, joined, writer, found, tally);
    const isSplit = ({ start, end }: Finding) => starts.some((at) => at > start && at < end);
    yield* take(compiled, found.filter(isSplit), tally, replacements, 0);
  }
  if (replacements.length === 0) return false;
  for (const [at, text] of (yield* replacingAcross(texts, replacements)).entries()) {
    const slot = slots[at];
    if (slot !== undefined && text !== texts[at]) setAt(slot, text);
  }
  return true;
}

function* applyToJson(compiled: CompiledFilters, slot: TextSlot, tally: Tally): Work<boolean> {
  const json = textOf(slot);
  const tokens = yield* jsonTokens(json);
  if (tokens === null) return yield* applyInRow(compiled, [slot], tally);
  const edits: Replacement[] = [];
  for (const [at, { start, end, text, isNumber }] of tokens.entries()) {
    if (at % A_TURN === 0) yield;
    const found: Finding[] = [];
    if (mayMatch(compiled, text)) yield* scanText(compiled, text, slot.writer, found, tally);
    const own: Replacement[] = [];
    yield* take(compiled, isNumber ? inNumbers(compiled, found) : found, tally, own, 0);
    if (own.length > 0) edits.push({ start, end, placeholder: yield* quoted(yield* replacing(text, own)) });
  }
  const found: Finding[] = [];
  yield* scanText(compiled, json, slot.writer, found, tally);
  const acrossTokens = found.filter(({ start, end }) => end > tokenEnd(tokens, start));
  const across: Replacement[] = [];
  yield* take(compiled, acrossTokens, tally, across, 0);
  const [first] = across;
  // What goes over names and values cannot be cut out of JSON: all of it makes way.
  if (first !== undefined) setAt(slot, JSON.stringify({ redacted: first.placeholder }));
  else if (edits.length > 0) setAt(slot, yield* replacing(json, edits));
  else return false;
  return true;
}

/** Of the token that a place lies in, or lies behind. */
function tokenEnd(tokens: readonly JsonToken[], at: number): number {
  let [low, high] = [-1, tokens.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tokens[middle]?.start ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return tokens[low]?.end ?? -1;
}

function* applyToNumber(compiled: CompiledFilters, slot: TextSlot, tally: Tally): Work<boolean> {
  const text = textOf(slot);
  const found: Finding[] = [];
  yield* scanText(compiled, text, slot.writer, found, tally);
  const replacements: Replacement[] = [];
  yield* take(compiled, inNumbers(compiled, found), tally, replacements, 0);
  if (replacements.length === 0) return false;
  setAt(slot, yield* replacing(text, replacements));
  return true;
}

/** Ten digits without anything between them are what ids look like, and as a number among arguments they are nothing else. */
function inNumbers({ filters }: CompiledFilters, found: readonly Finding[]): readonly Finding[] {
  return found.filter(({ filter }) => filters[filter]?.name !== 'phone');
}

/** So many are put into effect before others get their turn. */
const A_TURN = 1024;

function* take(
  compiled: CompiledFilters,
  found: readonly Finding[],
  tally: Tally,
  replacements: Replacement[],
  offset: number,
): Work<void> {
  for (let at = 0; at < found.length; at += A_TURN) {
    replacements.push(...inEffect(compiled, found.slice(at, at + A_TURN), tally, offset));
    yield;
  }
}

/** Counts what was found, and gives what has to be replaced, `offset` further on. */
export function inEffect(
  { filters }: CompiledFilters,
  found: readonly Finding[],
  tally: Tally,
  offset: number,
): Replacement[] {
  const replacements: Replacement[] = [];
  for (const { filter, start, end, name } of found) {
    tally.matched(filter, name);
    const one = filters[filter];
    if (one?.filter.action !== 'redact') continue;
    const placeholder = one.name === 'secrets' && name !== undefined ? `[SECRET:${name}]` : one.placeholder;
    replacements.push({ start: start + offset, end: end + offset, placeholder });
  }
  return replacements;
}

function valueAt(holder: TextSlot['holder'], key: string | number): unknown {
  return (holder as Record<string | number, unknown>)[key];
}

function textOf({ holder, key }: TextSlot): string {
  const value = valueAt(holder, key);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function setAt({ holder, key }: TextSlot, text: string): void {
  (holder as Record<string | number, unknown>)[key] = text;
}
