/** Tries the planned endpoints one after another until one begins to answer. After the first token there is no way back. */
import type { ChatAnswer } from '../chat/answer.ts';
import type { TurnpikeError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { JsonObject } from '../json.ts';
import type { Exchange, StreamableReader } from '../providers/adapter.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { AttemptRecord } from './attempt-record.ts';
import { availability } from './availability.ts';
import { LeftQueue, type Urgency } from './backend-queue.ts';
import { type BegunStream, Call, CallLeft, type CallOutcome } from './call.ts';
import { asProviderError, everybodyIsOut, type PreviousError, publicError } from './failure.ts';
import type { EndpointHealth } from './health.ts';
import type { Candidate } from './plan.ts';
import { Round, type RoundRequest } from './round.ts';
import type { Stopping } from './stopping.ts';
import type { Way } from './ways.ts';

export interface AttemptRequest<A = ChatAnswer> extends RoundRequest {
  readonly generationId: string;
  /** How it waits for a backend that takes only so much at once, and in whose name. */
  readonly urgency: () => Urgency;
  readonly party: string;
  /** Writes down that this endpoint is about to see the request. */
  readonly onSend: (candidate: Candidate) => Promise<void>;
  readonly send: (candidate: Candidate, reader: StreamableReader<A>) => Exchange;
  /** This endpoint has the request, and has begun to answer. */
  readonly onStreamBegun: (candidate: Candidate) => void;
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
  | {
      readonly kind: 'stream';
      readonly stream: BegunStream;
      /** To be told when nothing more of it comes. */
      readonly way: Pick<Way, 'over'>;
    }
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
  const round = new Round(request);
  let retryAfterSeconds: number | null = null;
  for (let way = round.next(request.nowMs()); way !== null; way = round.next(request.nowMs())) {
    const { candidate } = way;
    const { last } = round;
    if (last !== null) previous.push(previousError(last.error, last.candidate));
    if (request.signal?.aborted === true || request.stopping.hasBegun) {
      way.over();
      throw new AttemptsFailed({ candidate, attempts, wasAtWork: false }, null);
    }
    let startedAtMs = request.nowMs();
    try {
      if (way.queue !== null) {
        await takePlace(way, request);
        startedAtMs = request.nowMs();
      }
      way.sent(startedAtMs);
      const outcome = await begin(candidate, request);
      const nowMs = request.nowMs();
      const firstByteMs = nowMs - startedAtMs;
      attempts.push(record(candidate, 200, firstByteMs));
      way.answered(nowMs);
      request.health.succeeded(candidate);
      if (outcome.kind === 'stream') return { candidate, attempts, firstByteMs, ...outcome, way };
      way.over();
      return { candidate, attempts, firstByteMs, ...outcome };
    } catch (thrown) {
      const nowMs = request.nowMs();
      if (thrown instanceof LeftQueue) {
        way.left(nowMs);
        throw new AttemptsFailed({ candidate, attempts, wasAtWork: false }, null);
      }
      if (thrown instanceof CallLeft) {
        way.left(nowMs);
        attempts.push(record(candidate, null, nowMs - startedAtMs));
        throw new AttemptsFailed({ candidate, attempts, wasAtWork: thrown.hasAnswered }, null);
      }
      if (!(thrown instanceof ProviderError)) way.left(nowMs);
      const error = asProviderError(thrown);
      way.failed(error, nowMs);
      attempts.push(record(candidate, error.status, nowMs - startedAtMs));
      request.health.failed(candidate, error, nowMs);
      retryAfterSeconds = smallest(retryAfterSeconds, error.retryAfterSeconds);
      round.last = { error, candidate };
    }
  }
  throw failed(request, round, { attempts, previous, retryAfterSeconds });
}

/** Resolves when the backend has room for it. */
async function takePlace<A>(
  way: Way,
  { urgency, party, signal, stopping }: AttemptRequest<A>,
): Promise<void> {
  const waiter = { urgency: urgency(), party, signal, stopping };
  const waiting = way.queue?.take(waiter, way.candidate.endpoint.provider.name) ?? null;
  if (waiting !== null) await waiting;
  way.holdsPlace = true;
}

/** Nobody is left to be asked. */
function failed<A>(
  { candidates, generationId, availabilityDocsUrl: docsUrl, nowMs }: AttemptRequest<A>,
  round: Round,
  tried: {
    readonly attempts: readonly AttemptRecord[];
    readonly previous: readonly PreviousError[];
    readonly retryAfterSeconds: number | null;
  },
): AttemptsFailed {
  const { attempts, previous } = tried;
  const { last } = round;
  const [first] = candidates;
  if (last === null) {
    if (first === undefined) throw new Error('attempt needs at least one candidate');
    const error = everybodyIsOut(round.outs(nowMs()), {
      generationId,
      availabilityOf: (isRate, retryAfterSeconds) =>
        whyNobody(isRate, { docsUrl, retryAfterSeconds }, candidates),
    });
    return new AttemptsFailed({ candidate: first, attempts, wasAtWork: false }, error);
  }
  const retryAfterSeconds = smallest(tried.retryAfterSeconds, round.retryAfterSeconds(nowMs()));
  const error = publicError(last.error, {
    providerName: last.candidate.endpoint.provider.name,
    generationId,
    previous,
    retryAfterSeconds,
    availabilityOf: (failure) => availabilityOf(failure, { docsUrl, retryAfterSeconds }, candidates),
  });
  return new AttemptsFailed({ candidate: last.candidate, attempts, wasAtWork: false }, error);
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
  details: WaitDetails,
  candidates: readonly Candidate[],
): JsonObject | null {
  const { fault } = error;
  if (fault === 'caller' || fault === 'content' || fault === 'gateway' || fault === 'login') return null;
  return whyNobody(fault === 'rate' || fault === 'busy', details, candidates);
}

interface WaitDetails {
  readonly docsUrl: string;
  readonly retryAfterSeconds: number | null;
}

function whyNobody(isRate: boolean, details: WaitDetails, candidates: readonly Candidate[]): JsonObject {
  return availability(isRate ? 'capacity_exhausted' : 'temporarily_unavailable', {
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
    ...(credential === undefined
      ? NOTHING
      : credential.kind === 'byok'
        ? { is_byok: true as const }
        : { credential: credential.id }),
  };
}

const NOTHING = {};

function previousError(error: ProviderError, { endpoint }: Candidate): PreviousError {
  return { provider: endpoint.provider.name, code: error.status ?? 502, status: error.status ?? 502 };
}

function smallest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
