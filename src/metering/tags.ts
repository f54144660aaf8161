/**
 * What a caller calls a request, so that figures can be told apart by it: the pairs of `metadata`, which OpenAI's chat and Responses
 * take (16 names of 64 characters, texts of 512), and those of `labels`, which Vertex AI bills by. No I/O.
 */
import { isJsonObject } from '../json.ts';

const MAX_TAGS = 16;
/** Longer ones are prose, and no name for anything. */
const MAX_VALUE = 128;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes.
const CONTROL = /[\0-\x1f\x7f-\x9f]+/g;

export interface TaggedBody {
  readonly metadata?: unknown;
  readonly labels?: unknown;
}

/** Those that the operator has named: a JSON object of texts, its names in order; null: none. Nothing else of `metadata` is kept. */
export function tagsOf(
  { metadata = null, labels = null }: TaggedBody,
  names: ReadonlySet<string>,
): string | null {
  if (names.size === 0 || (metadata === null && labels === null)) return null;
  const pairs = new Map<string, string>();
  for (const given of [metadata, labels]) {
    if (!isJsonObject(given)) continue;
    for (const [name, value] of Object.entries(given)) {
      if (typeof value !== 'string' || !names.has(name)) continue;
      const text = value.replaceAll(CONTROL, ' ').trim().slice(0, MAX_VALUE).toWellFormed();
      if (text !== '') pairs.set(name, text);
    }
  }
  if (pairs.size === 0) return null;
  return textOfTags([...pairs].sort(([one], [other]) => (one < other ? -1 : 1)).slice(0, MAX_TAGS));
}

export type Tag = readonly [name: string, value: string];

/** Written by hand: an object would put names that are numbers first, and take `__proto__` for something else. */
export function textOfTags(tags: readonly Tag[]): string {
  return `{${tags.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

export function tagsFrom(text: string): Tag[] {
  return Object.entries(JSON.parse(text)) as [string, string][];
}

const BEGINNING = '"tags":"';

/** In members that `startMembers` wrote: the text of its tags; null: none. */
export function tagsIn(members: string): string | null {
  const found = members.indexOf(BEGINNING);
  if (found === -1) return null;
  const from = found + BEGINNING.length - 1;
  let to = from + 1;
  while (to < members.length && members[to] !== '"') to += members[to] === '\\' ? 2 : 1;
  return JSON.parse(members.slice(from, to + 1));
}
