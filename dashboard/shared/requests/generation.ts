/** The words for a request of the log: how it ended, and whose it was. */
import type { OfKey, PageGeneration } from '../../../src/metering/answers.ts';
import type { BadgeTone } from '../components/badge.tsx';
import { plainName } from '../components/untrusted.tsx';

/** What the content filters of a key did with a request. */
export type FilterReport = NonNullable<PageGeneration['content_filters']>;
export type FilterOutcome = FilterReport['matched'][number];

/** What the finish reasons of the API mean to people; any other is shown as it came. */
const ENDINGS: Readonly<Record<string, readonly [word: string, tone: BadgeTone]>> = {
  stop: ['Complete', 'success'],
  tool_calls: ['Tool call', 'success'],
  length: ['Cut at length', 'warning'],
  content_filter: ['Filtered', 'warning'],
  error: ['Failed', 'danger'],
};

const MAX_WORD_LENGTH = 20;

export function endingOf({ cancelled, finish_reason: reason }: PageGeneration): {
  word: string;
  tone: BadgeTone;
} {
  if (cancelled) return { word: 'Cancelled', tone: 'neutral' };
  if (reason === null) return { word: 'Unfinished', tone: 'warning' };
  const known = Object.hasOwn(ENDINGS, reason) ? ENDINGS[reason] : undefined;
  if (known === undefined) return { word: clipped(plainName(reason)), tone: 'neutral' };
  return { word: known[0], tone: known[1] };
}

/** A badge is one line. */
function clipped(word: string): string {
  const characters = [...word];
  return characters.length > MAX_WORD_LENGTH ? `${characters.slice(0, MAX_WORD_LENGTH).join('')}…` : word;
}

export function keyNameOf({ api_key_name: name, api_key_label: label, api_key_hash: hash }: OfKey): string {
  return plainName(name ?? '') || (label ?? shortHash(hash));
}

export const shortHash = (hash: string): string => `${hash.slice(0, 8)}…`;
