/**
 * What becomes of a request that money stands in the way of: it waits for what others hold, goes on with those of its endpoints that
 * cost nothing, or with the model that the operator names to take over; else it is refused.
 */
import type { Model } from '../catalogue/model.ts';
import { isFreeEndpoint } from '../catalogue/routers.ts';
import { saysSpent, TurnpikeError } from '../errors.ts';
import type { Admission } from '../limits/admit.ts';
import { HeldByOthers } from '../limits/refusal.ts';
import type { Wallet } from '../limits/wallets.ts';
import type { AttemptRecord } from '../routing/attempt-record.ts';
import type { Candidate, PlannedModel } from '../routing/plan.ts';

export interface Admitted {
  readonly admission: Admission;
  /** Those that the admission is for. */
  readonly mayServe: readonly Candidate[];
  readonly wallet: Wallet;
  readonly startedAtMs: number;
  /** In whose place another model answers, and why; null: it was admitted as it asked. */
  readonly refused: AttemptRecord | null;
}

export interface SpentOptions {
  readonly refusal: unknown;
  /** Those that the caller asked for, in order: the first that may serve is the one in whose place another answers. */
  readonly models: readonly PlannedModel[];
  /** Their endpoints, in order. */
  readonly mayServe: readonly Candidate[];
  /** By the caller's preferences; empty: none may. */
  readonly candidatesOf: (model: Model) => readonly Candidate[];
  readonly downgrades: Pick<ReadonlyMap<Model, Model>, 'get'>;
  readonly freeWhenSpent: boolean;
  /** Waits for money that is only held. */
  readonly wait: (refusal: HeldByOthers) => Promise<Omit<Admitted, 'mayServe' | 'refused'>>;
  readonly admit: Admit;
  /** Of another model than was asked for, with rates of its own. */
  readonly admitInstead: Admit;
}

type Admit = (candidates: readonly Candidate[]) => Promise<Omit<Admitted, 'mayServe' | 'refused'>>;

/** Throws what refused the request where nothing takes over. */
export async function admittedOtherwise(options: SpentOptions): Promise<Admitted> {
  const { mayServe, wait } = options;
  let { refusal } = options;
  if (refusal instanceof HeldByOthers) {
    try {
      return { ...(await wait(refusal)), mayServe, refused: null };
    } catch (thrown) {
      refusal = thrown;
    }
  }
  if (!isSpent(refusal)) throw refusal;
  return (await withWhatIsFree(options)) ?? (await withAnotherModel(options, refusal)) ?? raise(refusal);
}

function isSpent(refusal: unknown): refusal is TurnpikeError {
  return refusal instanceof TurnpikeError && saysSpent(refusal.code);
}

async function withWhatIsFree({ mayServe, freeWhenSpent, admit }: SpentOptions): Promise<Admitted | null> {
  if (!freeWhenSpent) return null;
  const free = mayServe.filter(({ endpoint }) => isFreeEndpoint(endpoint));
  if (free.length === 0 || free.length === mayServe.length) return null;
  // What the caller asked for has taken of its rates already.
  const admitted = await unlessRefused(admit(free));
  if (admitted instanceof TurnpikeError) throw admitted;
  return admitted === null ? null : { ...admitted, mayServe: free, refused: null };
}

/** The next in the chain that what is left pays for. Throws a 429 where one that it pays for is only asked too often. */
async function withAnotherModel(
  { models, mayServe, candidatesOf, downgrades, admitInstead }: SpentOptions,
  { code, status }: TurnpikeError,
): Promise<Admitted | null> {
  const first = firstAsked(models, mayServe);
  if (first === null) return null;
  const { model: asked, endpoint } = first;
  let askedTooOften: TurnpikeError | null = null;
  for (let model = downgrades.get(asked); model !== undefined; model = downgrades.get(model)) {
    const candidates = candidatesOf(model);
    if (candidates.length === 0) continue;
    const admitted = await unlessRefused(admitInstead(candidates));
    if (admitted === null) continue;
    if (admitted instanceof TurnpikeError) {
      askedTooOften ??= admitted;
      continue;
    }
    const { provider, tag } = endpoint;
    return {
      ...admitted,
      mayServe: candidates,
      refused: { provider: provider.name, tag, model: asked.id, status, latency_ms: 0, error: code },
    };
  }
  if (askedTooOften !== null) throw askedTooOften;
  return null;
}

/** Where endpoints of several models are ranked together, a lot decides which is tried first, and must not decide who takes over. */
export function firstAsked(
  models: readonly PlannedModel[],
  mayServe: readonly Candidate[],
): Candidate | null {
  for (const { model } of models) {
    const first = mayServe.find((candidate) => candidate.model === model);
    if (first !== undefined) return first;
  }
  return null;
}

/** Null: that is refused for its money as well. An error: a rate of its own is used up. */
async function unlessRefused<T>(admitting: Promise<T>): Promise<T | TurnpikeError | null> {
  try {
    return await admitting;
  } catch (thrown) {
    if (isSpent(thrown) || thrown instanceof HeldByOthers) return null;
    if (thrown instanceof TurnpikeError && thrown.code === 'rate_limit_exceeded') return thrown;
    throw thrown;
  }
}

function raise(error: TurnpikeError): never {
  throw error;
}
