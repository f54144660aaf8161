/**
 * What the journal says about spend, in three kinds of record: `hold` before a request is sent, `mark` when a stream begins
 * and while it runs, `settle` at its end. From these alone a process that was killed knows what it owes.
 */
import { failPoint } from '../fail-point.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalRecord } from '../journal/record.ts';
import { boundedRequestNanoUsd } from '../money.ts';
import {
  bounded,
  type Generation,
  type GenerationEnd,
  type GenerationStart,
  type ScopeRef,
  type SettledGeneration,
} from './generation.ts';

/** The least that a request costs once its provider has answered. Settled when nothing better is known. */
export interface Progress {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costNanoUsd: bigint;
}

/** A settled generation and the number of its record. */
export interface Unflushed extends SettledGeneration {
  readonly seq: number;
}

/** A generation that the database does not have yet. */
interface Known {
  /** The number of its first record: trimming stops before the oldest. */
  readonly firstSeq: number;
  /** Of its newest record: another endpoint may have taken over. */
  start: GenerationStart;
  scopes: readonly ScopeRef[];
}

interface OpenHold {
  readonly start: GenerationStart;
  progress: Progress;
}

/** Until its provider answers, nobody can tell whether a request ever left this machine: it is not charged. */
const NOTHING_DONE: Progress = { promptTokens: 0, completionTokens: 0, costNanoUsd: 0n };

/** Columns of money: decimal text in the journal, because JSON has no integers of that size. */
const MONEY = [
  'cost_nano_usd',
  'upstream_cost_nano_usd',
  'cache_discount_nano_usd',
  'overshoot_nano_usd',
] as const;

export class SpendLog {
  readonly #journal: Journal;
  /** By id, oldest first. */
  readonly #known = new Map<string, Known>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /**
   * Before a request is sent, and again before it is sent to another endpoint. With the operating system when it resolves;
   * `settle` may be called as soon as it has returned.
   */
  async dispatch(start: GenerationStart, scopes: readonly ScopeRef[]): Promise<void> {
    this.#remember(this.#journal.append({ t: 'hold', start, scopes }), start, scopes);
    await this.#journal.written();
    failPoint('after-dispatch-record');
  }

  /** The provider has answered, and how far its stream has come. With the operating system on return, never waited for. */
  mark(id: string, progress: Progress): void {
    this.#journal.write({ t: 'mark', id, progress: progressJson(progress) });
  }

  #remember(seq: number, start: GenerationStart, scopes: readonly ScopeRef[]): void {
    const known = this.#known.get(start.id);
    if (known === undefined) this.#known.set(start.id, { firstSeq: seq, start, scopes });
    else Object.assign(known, { start, scopes });
  }

  /** The end of what was dispatched. Durable when `durable` resolves. */
  settle(id: string, end: GenerationEnd): { settled: Unflushed; durable: Promise<void> } {
    const known = this.#known.get(id);
    if (known === undefined) throw new Error('only what was dispatched is settled');
    const seq = this.#journal.append({ t: 'settle', id, end: endJson(end) });
    const settled = { seq, generation: joined(known.start, end), scopes: known.scopes };
    return { settled, durable: this.#journal.durable() };
  }

  durable(): Promise<void> {
    return this.#journal.durable();
  }

  /** Another process has the journal's place in the database: nothing more is accepted, as when the disk fails. */
  giveUp(cause: Error): void {
    this.#journal.fail(cause);
  }

  /** The database has these generations and everything settled before: what only they needed may be deleted. */
  flushed(ids: readonly string[], throughSeq: number): void {
    for (const id of ids) this.#known.delete(id);
    const [oldest] = this.#known.values();
    failPoint('during-trim');
    this.#journal.trim(Math.min(throughSeq, (oldest?.firstSeq ?? Number.POSITIVE_INFINITY) - 1));
  }

  /**
   * What an earlier process left: settled generations that the database does not have, and holds that never ended, which are
   * settled now at what is known to have been spent. Running it again after another crash finds the same.
   */
  async recover(
    flushedSeq: number,
    nowMs: number,
    storedOf: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
  ): Promise<{ unflushed: Unflushed[]; orphans: number }> {
    const { open, settled } = this.#readBack();
    // A journal whose end was lost after the database had it: those did end.
    for (const id of await storedOf([...open.keys(), ...settled.keys()])) {
      open.delete(id);
      settled.delete(id);
      this.#known.delete(id);
    }
    const unflushed: Unflushed[] = [...settled.values()].filter(({ seq }) => seq > flushedSeq);
    // Passed and yet not stored: a process with a copy of this journal moved the position. A new number is behind it.
    for (const { seq, generation, end } of settled.values())
      if (seq <= flushedSeq) unflushed.push(this.settle(generation.id, end).settled);
    for (const hold of open.values()) {
      unflushed.push(this.settle(hold.start.id, orphanEnd(hold, nowMs)).settled);
      failPoint('during-recovery');
    }
    return { unflushed, orphans: open.size };
  }

  /** What never ended, and what did, by id. */
  #readBack(): { open: Map<string, OpenHold>; settled: Map<string, Unflushed & { end: GenerationEnd }> } {
    const open = new Map<string, OpenHold>();
    const settled = new Map<string, Unflushed & { end: GenerationEnd }>();
    for (const record of this.#journal.replayed) {
      const line = parseLine(record);
      if (line.t === 'hold') {
        open.set(line.start.id, { start: line.start, progress: NOTHING_DONE });
        this.#remember(record.seq, line.start, line.scopes);
      } else if (line.t === 'mark') {
        const hold = open.get(line.id);
        if (hold !== undefined) hold.progress = progressFromJson(line.progress);
      } else {
        const known = this.#known.get(line.id);
        open.delete(line.id);
        if (known === undefined) continue;
        const { start, scopes } = known;
        const end = endFromJson(line.end);
        // One that was numbered anew stands where its last record does.
        settled.delete(line.id);
        settled.set(line.id, { seq: record.seq, generation: joined(start, end), scopes, end });
      }
    }
    return { open, settled };
  }
}

function joined(start: GenerationStart, end: GenerationEnd): Generation {
  return { ...start, ...end, ledger_transaction_id: null };
}

/** Nobody saw this request end: it is charged at its last mark, and not at all without one. */
function orphanEnd({ progress, start }: OpenHold, nowMs: number): GenerationEnd {
  return {
    upstream_id: null,
    cancelled: 1,
    estimated: 1,
    finish_reason: null,
    native_finish_reason: null,
    service_tier: null,
    prompt_tokens: progress.promptTokens,
    completion_tokens: progress.completionTokens,
    reasoning_tokens: 0,
    cached_tokens: 0,
    cache_write_tokens: 0,
    image_count: 0,
    cost_nano_usd: progress.costNanoUsd,
    upstream_cost_nano_usd: progress.costNanoUsd,
    cache_discount_nano_usd: 0n,
    overshoot_nano_usd: 0n,
    latency_ms: null,
    generation_time_ms: Math.max(0, nowMs - start.created_at_ms),
    attempts: '[]',
  };
}

type Line =
  | { t: 'hold'; start: GenerationStart; scopes: ScopeRef[] }
  | { t: 'mark'; id: string; progress: ProgressJson }
  | { t: 'settle'; id: string; end: EndJson };

type ProgressJson = [promptTokens: number, completionTokens: number, costNanoUsd: string];
type EndJson = Omit<GenerationEnd, (typeof MONEY)[number]> & Record<(typeof MONEY)[number], string>;

/** The checksum of the line has vouched for it: it is what this file wrote. */
function parseLine({ json }: JournalRecord): Line {
  return JSON.parse(json);
}

function progressJson({ promptTokens, completionTokens, costNanoUsd }: Progress): ProgressJson {
  return [promptTokens, completionTokens, costNanoUsd.toString()];
}

function progressFromJson([promptTokens, completionTokens, cost]: ProgressJson): Progress {
  return { promptTokens, completionTokens, costNanoUsd: boundedRequestNanoUsd(BigInt(cost)) };
}

function endJson(end: GenerationEnd): EndJson {
  return {
    ...end,
    cost_nano_usd: end.cost_nano_usd.toString(),
    upstream_cost_nano_usd: end.upstream_cost_nano_usd.toString(),
    cache_discount_nano_usd: end.cache_discount_nano_usd.toString(),
    overshoot_nano_usd: end.overshoot_nano_usd.toString(),
  };
}

/** Bounded, because earlier versions wrote what the database cannot take. */
function endFromJson(json: EndJson): GenerationEnd {
  return bounded({
    ...json,
    cost_nano_usd: BigInt(json.cost_nano_usd),
    upstream_cost_nano_usd: BigInt(json.upstream_cost_nano_usd),
    cache_discount_nano_usd: BigInt(json.cache_discount_nano_usd),
    overshoot_nano_usd: BigInt(json.overshoot_nano_usd),
  });
}
