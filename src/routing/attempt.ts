/** Tries the planned endpoints one after another until one begins to answer. After the first token there is no way back. */
import type { ChatAnswer } from '../chat/answer.ts';
import type { TurnpikeError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { JsonObject } from '../json.ts';
import type { Exchange, StreamableReader } from '../providers/adapter.ts';
import type { ProviderError } from '../providers/provider-error.ts';
import type { AttemptRecord } from './attempt-record.ts';
import { availability } from './availability.ts';
import { type BegunStream, Call, CallLeft, type CallOutcome } from './call.ts';
import {
  asProviderError,
  isCallersFault,
  isProvidersFault,
  mayTryNext,
  type PreviousError,
  publicError,
} from './failure.ts';
import type { EndpointHealth } from './health.ts';
import type { Candidate } from './plan.ts';
import type { Stopping } from './stopping.ts';

export interface AttemptRequest<A = ChatAnswer> {
  readonly generationId: string;
  readonly candidates: readonly Candidate[];
  /** Writes down that this endpoint is about to see the request. */
  readonly onSend: (candidate: Candidate) => Promise<void>;
  readonly send: (candidate: Candidate, reader: StreamableReader<A>) => Exchange;
  /** This endpoint has the request, and has begun to answer. */
  readonly onStreamBegun: (candidate: Candidate) => void;
  readonly stream: boolean;
  /** Aborted when the client leaves; null where leaving changes nothing. */
  readonly signal: AbortSignal | null;
  readonly stopping: Stopping;
  readonly health: EndpointHealth;
  readonly nowMs: () => number;
  /** Of the page that explains why nobody could serve a request. */
  readonly availabilityDocsUrl: string;
}

export type Begun<A = ChatAnswer> = {
  readonly candidate: Candidate;
  readonly attempts: readonly AttemptRecord[];
  readonly firstByteMs: number;
} & (
  | { readonly kind: 'whole'; readonly answer: A }
  | { readonly kind: 'stream'; readonly stream: BegunStream }
);

/** Nobody began to answer. What was tried is part of the record all the same. */
export class AttemptsFailed extends Error {
  readonly candidate: Candidate;
  readonly attempts: readonly AttemptRecord[];
  /** For the caller; null when the caller is gone. */
  readonly publicError: TurnpikeError | null;
  /** The caller left when `candidate` had begun to answer, whose provider may charge for it. */
  readonly wasAtWork: boolean;

  constructor(
    tried: { candidate: Candidate; attempts: readonly AttemptRecord[]; wasAtWork: boolean },
    error: TurnpikeError | null,
  ) {
    super('no endpoint answered', { cause: error });
    this.candidate = tried.candidate;
    this.attempts = tried.attempts;
    this.wasAtWork = tried.wasAtWork;
    this.publicError = error;
  }
}

/** Throws AttemptsFailed when every endpoint failed, or when the client left before one began. */
export async function attempt<A>(request: AttemptRequest<A>): Promise<Begun<A>> {
  const attempts: AttemptRecord[] = [];
  const previous: PreviousError[] = [];
  let retryAfterSeconds: number | null = null;
  let last: { error: ProviderError; candidate: Candidate } | null = null;
  for (const candidate of request.candidates) {
    if (last !== null && isCallersFault(last.error) && candidate.model === last.candidate.model) continue;
    if (last !== null && !mayTryNext(last.error)) break;
    if (last !== null) previous.push(previousError(last.error, last.candidate));
    if (request.signal?.aborted === true || request.stopping.hasBegun)
      throw new AttemptsFailed({ candidate, attempts, wasAtWork: false }, null);
    const startedAtMs = request.nowMs();
    try {
      const outcome = await begin(candidate, request);
      const firstByteMs = request.nowMs() - startedAtMs;
      attempts.push(record(candidate, 200, firstByteMs));
      request.health.succeeded(candidate);
      return { candidate, attempts, firstByteMs, ...outcome };
    } catch (thrown) {
      const nowMs = request.nowMs();
      if (thrown instanceof CallLeft) {
        attempts.push(record(candidate, null, nowMs - startedAtMs));
        throw new AttemptsFailed({ candidate, attempts, wasAtWork: thrown.hasAnswered }, null);
      }
      const error = asProviderError(thrown);
      attempts.push(record(candidate, error.status, nowMs - startedAtMs));
      if (isProvidersFault(error)) request.health.failed(candidate, nowMs);
      retryAfterSeconds = smallest(retryAfterSeconds, error.retryAfterSeconds);
      last = { error, candidate };
    }
  }
  if (last === null) throw new Error('attempt needs at least one candidate');
  const providerName = last.candidate.endpoint.provider.name;
  const { generationId, availabilityDocsUrl: docsUrl } = request;
  const error = publicError(last.error, {
    providerName,
    generationId,
    previous,
    retryAfterSeconds,
    availabilityOf: (failure) => availabilityOf(failure, { docsUrl, retryAfterSeconds }, request.candidates),
  });
  throw new AttemptsFailed({ candidate: last.candidate, attempts, wasAtWork: false }, error);
}

/**
 * Only the head of an answer proves that a provider has the request, and only with that proof is the prompt charged. So a client
 * that leaves before it is followed for as long as most providers take to begin, and no longer: its hold stands in the way of others.
 */
const FOLLOWED_LATER_MS = 2000;

/** A stream has begun when its first token is here: until then the next endpoint can take over without the client noticing. */
async function begin<A>(candidate: Candidate, request: AttemptRequest<A>): Promise<CallOutcome<A>> {
  const { provider } = candidate.endpoint;
  await request.onSend(candidate);
  const running = new Call<A>(
    (reader) => request.send(candidate, reader),
    () => {
      if (request.stream) request.onStreamBegun(candidate);
      if (leaving !== undefined) running.leave();
    },
  );
  failPoint('after-dispatch');
  let leaving: ReturnType<typeof setTimeout> | undefined;
  const stop = () => running.leave();
  const leave = () => {
    if (running.hasAnswered) stop();
    else leaving = setTimeout(stop, FOLLOWED_LATER_MS);
  };
  request.stopping.add(stop);
  // Where leaving stops neither the work nor the bill, the answer is waited for: its usage is what is charged.
  const signal = provider.stopsWhenCancelled ? request.signal : null;
  if (signal?.aborted === true) leave();
  signal?.addEventListener('abort', leave);
  try {
    return await running.outcome;
  } finally {
    clearTimeout(leaving);
    signal?.removeEventListener('abort', leave);
    request.stopping.delete(stop);
  }
}

/** What kind of nobody: all are busy, or all are out of order. Of the caller's own mistakes, and of ours, it says nothing. */
export function availabilityOf(
  error: ProviderError,
  details: { readonly docsUrl: string; readonly retryAfterSeconds: number | null },
  candidates: readonly Candidate[],
): JsonObject | null {
  if (error.fault === 'caller' || error.fault === 'gateway' || error.fault === 'login') return null;
  return availability(error.fault === 'rate' ? 'capacity_exhausted' : 'temporarily_unavailable', {
    ...details,
    requestedModels: [...new Set(candidates.map(({ model }) => model.id))],
    affectedProviders: [...new Set(candidates.map(({ endpoint }) => endpoint.provider.slug))],
  });
}

function record(
  { model, endpoint, credential }: Candidate,
  status: number | null,
  latencyMs: number,
): AttemptRecord {
  return {
    provider: endpoint.provider.name,
    tag: endpoint.tag,
    model: model.canonicalSlug,
    status,
    latency_ms: latencyMs,
    ...(credential?.kind === 'byok' ? { is_byok: true as const } : undefined),
  };
}

function previousError(error: ProviderError, { endpoint }: Candidate): PreviousError {
  return { provider: endpoint.provider.name, code: error.status ?? 502, status: error.status ?? 502 };
}

function smallest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
