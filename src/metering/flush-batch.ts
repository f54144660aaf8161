/**
 * One batch of settled requests, from the bytes of the journal to rows: in the thread that writes them, which is SQLite's own, so
 * that the main thread neither makes nor sends them.
 */
import { newId } from '../ids.ts';
import type { JournalExtent, JournalPlace } from '../journal/extent.ts';
import { readRecords } from '../journal/reader.ts';
import type { RecordView } from '../journal/record.ts';
import type { UsageSeriesTable } from '../storage/figure-tables.ts';
import type { RecordRow } from '../storage/generation-record.ts';
import type { ScopeRef } from './generation.ts';
import { Labels } from './labels.ts';
import { endFiguresIn, objectOf, ownKeyFeeIn, storableMembers } from './members.ts';
import { contextFrom, KIND, type SpendContext, settleFrom, soundText } from './spend-record.ts';
import { tagsIn } from './tags.ts';
import { HourlySums, type HourlyTotals, seriesOf } from './usage-hours.ts';
import type { Spent } from './usage-sums.ts';

/** Plain data: it goes to another thread. */
export interface BatchOrder {
  /** Names the process that wrote the journal: what was read of another one's is not this one's. */
  readonly epoch: string;
  readonly extent: JournalExtent;
  readonly from: JournalPlace;
  /** How far the journal is in the database, of which its row is locked: nothing up to here is written again. */
  readonly storedSeq: number;
  /** How far the owner knows that. */
  readonly toldSeq: number;
  /** Numbers that look as if they were still to be written, and are not. */
  readonly stale: readonly number[];
  readonly maxRows: number;
  /** Of each kind of scope that a generation's row tells, how many: the first that a record names. The same in every order of a process. */
  readonly toldByRow: Readonly<Record<string, number>>;
}

/** Takes what a batch writes, oldest first. */
export interface BatchWriter {
  generation(row: RecordRow): void;
  /** A scope that the generation's row does not tell. */
  scope(generationId: string, scope: ScopeRef): void;
}

export interface Charge {
  readonly accountId: string;
  /** Of the ledger; the account's rows name it. */
  readonly transactionId: string;
  costNanoUsd: bigint;
  /** For what the account's own provider keys paid, beside the cost. */
  feeNanoUsd: bigint;
}

export interface Batch {
  /** Where the next one begins. */
  readonly next: JournalPlace;
  /** The last settled request up to there; 0: there is none. */
  readonly throughSeq: number;
  /** How many rows were written. */
  readonly rows: number;
  /** What they add up to. */
  readonly spent: readonly Spent[];
  readonly hourly: HourlyTotals;
  readonly charges: readonly Charge[];
  /** What an attempt had written whose owner did not hear of it. */
  readonly spentBefore: readonly Spent[];
}

export function readBatch(order: BatchOrder, write: BatchWriter): Batch {
  const { extent, storedSeq, toldSeq, maxRows } = order;
  const stale = new Set(order.stale);
  const spent = new Sums();
  const spentBefore = new Sums();
  const hourly = new HourlySums();
  const charges = new Map<string, Charge>();
  let rows = 0;
  let throughSeq = 0;
  const next = readRecords(extent, order.from, (record, segment) => {
    if (record.kind === KIND.context) {
      contextsOf(order, segment).set(record.seq, contextIn(order, record));
      return true;
    }
    if (record.kind !== KIND.settle) return true;
    throughSeq = record.seq;
    if (record.seq <= toldSeq || stale.has(record.seq)) return true;
    const end = settleFrom(soundText(record));
    const context = contextAt(order, segment, end.contextSeq);
    const costNanoUsd = BigInt(end.costNanoUsd);
    const feeNanoUsd = context.isByok === 1 ? ownKeyFeeIn(end.members) : 0n;
    if (record.seq <= storedSeq) {
      spentBefore.add(context, end.createdAtMs, costNanoUsd, feeNanoUsd);
      return true;
    }
    spent.add(context, end.createdAtMs, costNanoUsd, feeNanoUsd);
    const members = storableMembers(end.members);
    const series = labels.seriesOf(context.series, end.createdAtMs, tagsIn(members));
    hourly.add(series, end.createdAtMs, costNanoUsd, endFiguresIn(members), feeNanoUsd);
    const charge = chargeOf(charges, context.accountId);
    if (context.isByok === 0) charge.costNanoUsd += costNanoUsd;
    charge.feeNanoUsd += feeNanoUsd;
    write.generation([
      end.id,
      context.accountId,
      context.keyHash,
      end.createdAtMs,
      context.model,
      context.isByok,
      end.costNanoUsd,
      end.overshootNanoUsd,
      charge.transactionId,
      objectOf(context.members, members),
    ]);
    for (const scope of context.untold) write.scope(end.id, scope);
    rows += 1;
    return rows < maxRows;
  });
  return {
    ...{ next, throughSeq, rows, charges: [...charges.values()] },
    ...{ spent: spent.all, spentBefore: spentBefore.all, hourly: hourly.totals },
  };
}

/** Of this thread, for as long as the process runs. */
const labels = new Labels();

function chargeOf(charges: Map<string, Charge>, accountId: string): Charge {
  let charge = charges.get(accountId);
  if (charge === undefined) {
    charge = { accountId, transactionId: newId(), costNanoUsd: 0n, feeNanoUsd: 0n };
    charges.set(accountId, charge);
  }
  return charge;
}

const DAY_MS = 86_400_000;

/** By context and UTC day: a batch has few of them, so what is done for each request is little. */
class Sums {
  readonly #byContext = new Map<SpendContext, Map<number, Spent>>();

  add(context: SpendContext, atMs: number, costNanoUsd: bigint, feeNanoUsd: bigint): void {
    let days = this.#byContext.get(context);
    if (days === undefined) {
      days = new Map();
      this.#byContext.set(context, days);
    }
    const day = Math.floor(atMs / DAY_MS);
    let sums = days.get(day);
    if (sums === undefined) {
      sums = { scopes: context.scopes, atMs, costNanoUsd: 0n, byokNanoUsd: 0n, requests: 0 };
      days.set(day, sums);
    }
    if (context.isByok === 1) sums.byokNanoUsd += costNanoUsd;
    else sums.costNanoUsd += costNanoUsd;
    sums.costNanoUsd += feeNanoUsd;
    sums.requests += 1;
  }

  get all(): Spent[] {
    return [...this.#byContext.values()].flatMap((days) => [...days.values()]);
  }
}

interface BatchContext extends SpendContext {
  /** Of its scopes, those that the row does not tell. */
  readonly untold: readonly ScopeRef[];
  readonly series: UsageSeriesTable;
}

/** The contexts of the segment read last. Whoever reads it from its middle, after a failure or in a new thread, reads them again. */
let remembered = { epoch: '', segment: -1, contexts: new Map<number, BatchContext>() };

function contextsOf({ epoch }: BatchOrder, segment: number): Map<number, BatchContext> {
  if (remembered.segment !== segment || remembered.epoch !== epoch)
    remembered = { epoch, segment, contexts: new Map() };
  return remembered.contexts;
}

function contextIn({ toldByRow }: BatchOrder, record: RecordView): BatchContext {
  const context = contextFrom(soundText(record));
  // Whatever follows those that the row tells is another's, as the key is that a child's spend counts against.
  const { scopes } = context;
  const isTold = ([kind]: ScopeRef, at: number) => {
    const before = scopes.slice(0, at).filter(([earlier]) => earlier === kind).length;
    return before < (toldByRow[kind] ?? 0);
  };
  const untold = scopes.filter((scope, at) => !isTold(scope, at));
  const storable = { ...context, members: storableMembers(context.members) };
  return { ...storable, untold, series: seriesOf(storable, JSON.parse(`{${storable.members}}`)) };
}

function contextAt(order: BatchOrder, segment: number, seq: number): BatchContext {
  const contexts = contextsOf(order, segment);
  const known = contexts.get(seq);
  if (known !== undefined) return known;
  readRecords(order.extent, { segment, byte: 0 }, (record, at) => {
    if (at !== segment || record.seq > seq) return false;
    if (record.kind === KIND.context) contexts.set(record.seq, contextIn(order, record));
    return true;
  });
  const context = contexts.get(seq);
  if (context === undefined) throw new Error(`the journal lacks its record ${seq}`);
  return context;
}
