/**
 * The journal's records of spend, each a line whose fields are set apart by tabs:
 *
 *     c  context              what is the same for every request of a key, an endpoint and an app
 *     h  context id at members            before a request is sent
 *     m  id tokens tokens cost            its provider has answered, and while it streams
 *     s  context id at cost overshoot members   its end, with everything that the database gets
 *
 * `context` is the number of a `c` record, which stands before in the same segment: so segments can be deleted one by one, and
 * read from any one on. `at` is when the request began. Records of earlier versions are JSON objects; see `json-record.ts`.
 */

import type { RecordView } from '../journal/record.ts';
import { WORKSPACE_SCOPE } from '../storage/limit-tables.ts';
import type { Generation, GenerationEnd, GenerationStart, ScopeRef } from './generation.ts';
import { contextMembers, endMembers, startMembers } from './members.ts';

/** The first byte of each kind. */
export const KIND = { context: 99, hold: 104, mark: 109, settle: 115 } as const;

/** The least that a request costs once its provider has answered. Settled when nothing better is known. */
export interface Progress {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costNanoUsd: bigint;
}

/** What one `c` record says. */
export interface SpendContext {
  readonly accountId: string;
  readonly keyHash: string;
  readonly model: string;
  readonly isByok: 0 | 1;
  readonly scopes: readonly ScopeRef[];
  /** Members of the row. */
  readonly members: string;
}

/** A request that was sent. */
export interface SpendStart {
  readonly id: string;
  readonly createdAtMs: number;
  /** Members of the row. */
  readonly members: string;
}

/** What an `s` record says. Amounts are decimal text, as the database takes them. */
export interface SpendEnd extends SpendStart {
  readonly contextSeq: number;
  readonly costNanoUsd: string;
  readonly overshootNanoUsd: string;
}

const TAB = '\t';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const CONTROL = /[\0-\x1f]/g;

export function contextOf(start: GenerationStart, scopes: readonly ScopeRef[]): SpendContext {
  return {
    accountId: plain(start.account_id),
    keyHash: plain(start.key_hash),
    model: plain(start.model),
    isByok: start.is_byok,
    scopes,
    members: contextMembers(
      start,
      scopes.some(([kind]) => kind === WORKSPACE_SCOPE),
    ),
  };
}

/** What stands in a field of its own, here and on the way to PostgreSQL. */
function plain(text: string): string {
  return text.replaceAll(CONTROL, '\ufffd');
}

export function startOf(start: GenerationStart): SpendStart {
  return { id: start.id, createdAtMs: start.created_at_ms, members: startMembers(start) };
}

export function contextText({ members, ...head }: SpendContext): string {
  return `c\t${JSON.stringify(head)}\t${members}`;
}

export function holdText(contextSeq: number, { id, createdAtMs, members }: SpendStart): string {
  return `h\t${contextSeq}\t${id}\t${createdAtMs}\t${members}`;
}

export function markText(id: string, { promptTokens, completionTokens, costNanoUsd }: Progress): string {
  return `m\t${id}\t${promptTokens}\t${completionTokens}\t${costNanoUsd}`;
}

/** @param end in its bounds */
export function settleText(contextSeq: number, start: SpendStart, end: GenerationEnd): string {
  const members = start.members + endMembers(end);
  return `s\t${contextSeq}\t${start.id}\t${start.createdAtMs}\t${end.cost_nano_usd}\t${end.overshoot_nano_usd}\t${members}`;
}

/** The same end again, in another segment. */
export function settleTextOf(contextSeq: number, end: Omit<SpendEnd, 'contextSeq'>): string {
  return `s\t${contextSeq}\t${end.id}\t${end.createdAtMs}\t${end.costNanoUsd}\t${end.overshootNanoUsd}\t${end.members}`;
}

/** The checksum of the line has vouched for the text: it is what this file wrote. */
export function contextFrom(text: string): SpendContext {
  const [, head = '', members = ''] = text.split(TAB);
  return { ...JSON.parse(head), members };
}

export function holdFrom(text: string): SpendStart & { contextSeq: number } {
  const [, contextSeq, id = '', createdAtMs, members = ''] = text.split(TAB);
  return { contextSeq: Number(contextSeq), id, createdAtMs: Number(createdAtMs), members };
}

export function markFrom(text: string): Progress & { id: string } {
  const [, id = '', promptTokens, completionTokens, cost = '0'] = text.split(TAB);
  return {
    id,
    promptTokens: Number(promptTokens),
    completionTokens: Number(completionTokens),
    costNanoUsd: BigInt(cost),
  };
}

export function settleFrom(text: string): SpendEnd {
  const fields = text.split(TAB);
  return {
    contextSeq: Number(fields[1]),
    id: fields[2] ?? '',
    createdAtMs: Number(fields[3]),
    costNanoUsd: fields[4] ?? '0',
    overshootNanoUsd: fields[5] ?? '0',
    members: fields[6] ?? '',
  };
}

/** The number of the `c` record without which this one says too little; null: it stands for itself. */
export function contextSeqOf(text: string): number | null {
  const kind = text.charCodeAt(0);
  if (kind === KIND.hold) return holdFrom(text).contextSeq;
  return kind === KIND.settle ? settleFrom(text).contextSeq : null;
}

/** When the request ended, as its row says it. */
export function endedAtMs({ createdAtMs, members }: SpendStart): number {
  const { generation_time_ms }: Partial<Generation> = JSON.parse(`{${members}}`);
  return createdAtMs + (generation_time_ms ?? 0);
}

/** The text of a record in a segment. Throws when its checksum does not fit. */
export function soundText(record: RecordView): string {
  const text = record.text();
  if (text === null) throw new Error(`record ${record.seq} of the journal is damaged`);
  return text;
}
