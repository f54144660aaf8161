/**
 * What the journal says about spend: a `hold` before a request is sent, a `mark` when a stream begins and while it runs, a
 * `settle` at its end. From these alone a process that was killed knows what it owes.
 */

import { failPoint } from '../fail-point.ts';
import type { Journal } from '../journal/journal.ts';
import { RecoveryError } from '../recovery-error.ts';
import { bounded, type GenerationEnd, type GenerationStart, type ScopeRef } from './generation.ts';
import { earlierRecord } from './json-record.ts';
import { objectOf } from './members.ts';
import { SpendContexts, type WrittenContext } from './spend-contexts.ts';
import {
  contextFrom,
  contextOf,
  contextText,
  endedAtMs,
  holdFrom,
  holdText,
  markFrom,
  markText,
  type Progress,
  type SpendEnd,
  type SpendStart,
  settleFrom,
  settleText,
  settleTextOf,
  startOf,
} from './spend-record.ts';

/** What is settled and not in the database yet; all else of it stands in the journal. */
export interface Unflushed {
  /** The number of its record. */
  readonly seq: number;
  readonly id: string;
  readonly endedAtMs: number;
}

/** What an earlier process left. */
export interface LeftBehind {
  /** In the order of their numbers. */
  readonly unflushed: readonly Unflushed[];
  /** Numbers of records that look as if they were still to be flushed, and are not. */
  readonly stale: readonly number[];
  /** Requests that never ended. */
  readonly orphans: number;
}

/** A generation that the database does not have yet. */
interface Known {
  /** The number of its first record: trimming stops before the oldest. */
  readonly firstSeq: number;
  /** What its newest `hold` says, as another endpoint may have taken over. Null once it has ended: its record says it all. */
  sent: Sent | null;
}

interface Sent {
  readonly start: SpendStart;
  readonly written: WrittenContext;
}

export interface RunningRequest {
  readonly id: string;
  readonly createdAtMs: number;
  readonly keyHash: string;
  readonly model: string;
  /** What else of its row is known by now, as a JSON object. */
  readonly members: string;
}

interface OpenHold {
  readonly start: SpendStart;
  progress: Progress;
}

interface Settled {
  readonly seq: number;
  /** Where an earlier version wrote it, which did not say all of it in one record. */
  readonly earlier: GenerationEnd | null;
  readonly end: SpendEnd | null;
}

/** Until its provider answers, nobody can tell whether a request ever left this machine: it is not charged. */
const NOTHING_DONE: Progress = { promptTokens: 0, completionTokens: 0, costNanoUsd: 0n };

export class SpendLog {
  readonly #journal: Journal;
  readonly #contexts = new SpendContexts();
  /** By id, oldest first. */
  readonly #known = new Map<string, Known>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Of which `Unflushed` speaks. */
  get journal(): Pick<Journal, 'durable' | 'durableSeq' | 'extent'> {
    return this.#journal;
  }

  /**
   * Before a request is sent, and again before it is sent to another endpoint. With the operating system when it resolves;
   * `settle` may be called as soon as it has returned.
   */
  async dispatch(start: GenerationStart, scopes: readonly ScopeRef[]): Promise<void> {
    const written = this.#contexts.of(start, scopes, this.#journal.segmentStart);
    const sent = startOf(start);
    const seq = this.#journal.append(holdText(this.#place(written), sent));
    this.#remember(seq, sent, written);
    await this.#journal.written();
    failPoint('after-dispatch-record');
  }

  /** The provider has answered, and how far its stream has come. With the operating system on return, never waited for. */
  mark(id: string, progress: Progress): void {
    this.#journal.write(markText(id, progress));
  }

  /** The end of what was dispatched. Durable when `durable` resolves. */
  settle(id: string, end: GenerationEnd): { settled: Unflushed; durable: Promise<void> } {
    const { start, written } = this.#sentAs(id);
    const seq = this.#journal.append(settleText(this.#place(written), start, end));
    this.#ended(id);
    const settled = { seq, id, endedAtMs: start.createdAtMs + (end.generation_time_ms ?? 0) };
    return { settled, durable: this.#journal.durable() };
  }

  /** What was sent and has not ended, of one account, oldest first. */
  running(accountId: string): RunningRequest[] {
    const running: RunningRequest[] = [];
    for (const { sent } of this.#known.values()) {
      if (sent === null || sent.written.context.accountId !== accountId) continue;
      const { context } = sent.written;
      const { id, createdAtMs, members } = sent.start;
      const { keyHash, model } = context;
      running.push({ id, createdAtMs, keyHash, model, members: objectOf(context.members, members) });
    }
    return running;
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
  ): Promise<LeftBehind> {
    const { open, settled, seqs } = this.#readBack();
    // A journal whose end was lost after the database had it: those did end.
    for (const id of await storedOf([...open.keys(), ...settled.keys()])) {
      open.delete(id);
      settled.delete(id);
      this.#known.delete(id);
    }
    const kept: Unflushed[] = [];
    const again: Unflushed[] = [];
    for (const [id, { seq, earlier, end }] of settled) {
      if (earlier !== null) again.push(this.settle(id, earlier).settled);
      else if (end === null) continue;
      else if (seq > flushedSeq) {
        kept.push({ seq, id, endedAtMs: endedAtMs(end) });
        this.#ended(id);
      }
      // Passed and yet not stored: a process with a copy of this journal moved the position. A new number is behind it.
      else again.push(this.#settleAgain(id, end));
    }
    for (const hold of open.values()) {
      again.push(this.settle(hold.start.id, orphanEnd(hold, nowMs)).settled);
      failPoint('during-recovery');
    }
    const wanted = new Set(kept.map(({ seq }) => seq));
    const stale = seqs.filter((seq) => seq > flushedSeq && !wanted.has(seq));
    return { unflushed: [...kept, ...again], stale, orphans: open.size };
  }

  /** The number of the context's record in the segment that is being written. */
  #place(written: WrittenContext): number {
    if (written.seq < this.#journal.segmentStart)
      written.seq = this.#journal.append(contextText(written.context));
    return written.seq;
  }

  #sentAs(id: string): Sent {
    const sent = this.#known.get(id)?.sent;
    if (sent === undefined || sent === null) throw new Error('only what was dispatched is settled, and once');
    return sent;
  }

  #ended(id: string): void {
    const known = this.#known.get(id);
    if (known !== undefined) known.sent = null;
  }

  #remember(seq: number, start: SpendStart, written: WrittenContext): void {
    const sent = { start, written };
    const known = this.#known.get(start.id);
    if (known === undefined) this.#known.set(start.id, { firstSeq: seq, sent });
    else known.sent = sent;
  }

  #settleAgain(id: string, end: SpendEnd): Unflushed {
    const { written } = this.#sentAs(id);
    const seq = this.#journal.append(settleTextOf(this.#place(written), end));
    this.#ended(id);
    return { seq, id, endedAtMs: endedAtMs(end) };
  }

  /** What never ended, and what did, by id; and the numbers of all `settle` records of this version. */
  #readBack(): { open: Map<string, OpenHold>; settled: Map<string, Settled>; seqs: number[] } {
    const open = new Map<string, OpenHold>();
    const settled = new Map<string, Settled>();
    const seqs: number[] = [];
    const contexts = new Map<number, WrittenContext>();
    const contextAt = (seq: number): WrittenContext => {
      const written = contexts.get(seq);
      if (written === undefined) throw new Error(`the journal lacks its record ${seq}`);
      return written;
    };
    const held = (seq: number, start: SpendStart, written: WrittenContext) => {
      open.set(start.id, { start, progress: NOTHING_DONE });
      this.#remember(seq, start, written);
    };
    const marked = (id: string, progress: Progress) => {
      const hold = open.get(id);
      if (hold !== undefined) hold.progress = progress;
    };
    // One that was numbered anew stands where its last record does.
    const ended = (id: string, last: Settled) => {
      open.delete(id);
      settled.delete(id);
      settled.set(id, last);
    };
    for (const { seq, text } of this.#journal.replayed) {
      const earlier = earlierRecord(text);
      if (earlier?.kind === 'hold') {
        held(seq, startOf(earlier.start), { context: contextOf(earlier.start, earlier.scopes), seq: 0 });
      } else if (earlier?.kind === 'mark') marked(earlier.id, earlier.progress);
      // Without its hold it says too little, and was flushed: its hold goes last.
      else if (earlier?.kind === 'settle') {
        if (this.#known.has(earlier.id)) ended(earlier.id, { seq, earlier: earlier.end, end: null });
      } else if (text.startsWith('c')) contexts.set(seq, { context: contextFrom(text), seq: 0 });
      else if (text.startsWith('h')) {
        const { contextSeq, ...start } = holdFrom(text);
        held(seq, start, contextAt(contextSeq));
      } else if (text.startsWith('m')) {
        const { id, ...progress } = markFrom(text);
        marked(id, progress);
      } else if (text.startsWith('s')) {
        const { contextSeq, ...end } = settleFrom(text);
        seqs.push(seq);
        if (!this.#known.has(end.id)) this.#remember(seq, end, contextAt(contextSeq));
        ended(end.id, { seq, earlier: null, end: { contextSeq, ...end } });
      } else throw writtenByNewer(seq);
    }
    return { open, settled, seqs };
  }
}

/** Passed over, it would be a charge that nobody misses. */
function writtenByNewer(seq: number): RecoveryError {
  return new RecoveryError(
    `record ${seq} of the journal is of a kind that this version does not know: a newer turnpike wrote it`,
    'start the newer one, which brings it in;',
    'to go back with a backup from before it, move the data directory away: "The way back" in docs/operating.md',
  );
}

/** Nobody saw this request end: it is charged at its last mark, and not at all without one. */
function orphanEnd({ progress, start }: OpenHold, nowMs: number): GenerationEnd {
  return bounded({
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
    byok_fee_nano_usd: 0n,
    latency_ms: null,
    generation_time_ms: Math.max(0, nowMs - start.createdAtMs),
    attempts: '[]',
    plan: null,
  });
}
