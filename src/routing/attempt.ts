/** Tries the planned endpoints one after another until one begins to answer. After the first token there is no way back. */
import type { TurnpikeError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { JsonObject } from '../json.ts';
import type { AttemptRecord } from '../metering/generation.ts';
import {
  type ChatAnswer,
  type ChatCall,
  type ChatChunk,
  type ChatCompletion,
  type ChunkSource,
  ProviderError,
  type ProviderTimeouts,
} from '../providers/provider.ts';
import { adapters } from '../providers/registry.ts';
import {
  asProviderError,
  isCallersFault,
  isProvidersFault,
  type PreviousError,
  publicError,
} from './failure.ts';
import type { EndpointHealth } from './health.ts';
import type { Candidate } from './plan.ts';

export interface AttemptRequest {
  readonly generationId: string;
  readonly candidates: readonly Candidate[];
  /** The canonical body for one endpoint. */
  readonly bodyFor: (candidate: Candidate) => JsonObject;
  /** Writes down that this endpoint is about to see the request. */
  readonly onSend: (candidate: Candidate) => Promise<void>;
  /** This endpoint has the request, and has begun to answer. */
  readonly onStreamBegun: (candidate: Candidate) => void;
  readonly stream: boolean;
  readonly maxTokens: number | null;
  readonly timeouts: ProviderTimeouts;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** Aborted when the gateway can wait no longer. */
  readonly stopping: AbortSignal;
  readonly health: EndpointHealth;
  readonly nowMs: () => number;
}

export type Begun = {
  readonly candidate: Candidate;
  readonly attempts: readonly AttemptRecord[];
  readonly firstByteMs: number;
} & (
  | { readonly kind: 'completion'; readonly completion: ChatCompletion }
  | { readonly kind: 'stream'; readonly source: ChunkSource; readonly first: readonly ChatChunk[] }
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
export async function attempt(request: AttemptRequest): Promise<Begun> {
  const attempts: AttemptRecord[] = [];
  const previous: PreviousError[] = [];
  let retryAfterSeconds: number | null = null;
  let last: { error: ProviderError; candidate: Candidate } | null = null;
  for (const candidate of request.candidates) {
    if (last !== null && isCallersFault(last.error) && candidate.model === last.candidate.model) continue;
    if (last !== null) previous.push(previousError(last.error, last.candidate));
    if (request.signal.aborted || request.stopping.aborted)
      throw new AttemptsFailed({ candidate, attempts, wasAtWork: false }, null);
    const startedAtMs = request.nowMs();
    try {
      const answer = await begin(candidate, request);
      const firstByteMs = request.nowMs() - startedAtMs;
      attempts.push(record(candidate, 200, firstByteMs));
      request.health.succeeded(candidate.endpoint);
      return { candidate, attempts, firstByteMs, ...answer };
    } catch (thrown) {
      const error = asProviderError(thrown);
      const nowMs = request.nowMs();
      attempts.push(record(candidate, error.status, nowMs - startedAtMs));
      if (error.failure === 'aborted')
        throw new AttemptsFailed({ candidate, attempts, wasAtWork: error.hasAnswered }, null);
      if (isProvidersFault(error)) request.health.failed(candidate.endpoint, nowMs);
      retryAfterSeconds = smallest(retryAfterSeconds, error.retryAfterSeconds);
      last = { error, candidate };
    }
  }
  if (last === null) throw new Error('attempt needs at least one candidate');
  const providerName = last.candidate.endpoint.provider.name;
  const { generationId } = request;
  const error = publicError(last.error, { providerName, generationId, previous, retryAfterSeconds });
  throw new AttemptsFailed({ candidate: last.candidate, attempts, wasAtWork: false }, error);
}

type Beginning =
  | { kind: 'completion'; completion: ChatCompletion }
  | { kind: 'stream'; source: ChunkSource; first: readonly ChatChunk[] };

/**
 * Only the head of an answer proves that a provider has the request, and only with that proof is the prompt charged. So a client
 * that leaves before it is followed for as long as most providers take to begin, and no longer: its hold stands in the way of others.
 */
const FOLLOWED_LATER_MS = 2000;

/** A stream has begun when its first token is here: until then the next endpoint can take over without the client noticing. */
async function begin(candidate: Candidate, request: AttemptRequest): Promise<Beginning> {
  const { endpoint } = candidate;
  const abort = new AbortController();
  const leave = () => abort.abort();
  let leaving: ReturnType<typeof setTimeout> | undefined;
  let hasAnswered = false;
  const leaveOnceAnswered = () => {
    if (hasAnswered) leave();
    else leaving = setTimeout(leave, FOLLOWED_LATER_MS);
  };
  // Where leaving stops neither the work nor the bill, the answer is waited for: its usage is what is charged.
  if (endpoint.provider.stopsWhenCancelled) request.signal.addEventListener('abort', leaveOnceAnswered);
  request.stopping.addEventListener('abort', leave);
  try {
    const call: ChatCall = {
      target: {
        providerSlug: endpoint.provider.slug,
        baseUrl: endpoint.provider.baseUrl,
        apiKey: endpoint.provider.apiKey,
        upstreamModel: endpoint.upstreamModel,
      },
      body: request.bodyFor(candidate),
      stream: request.stream,
      maxTokens: capFor(candidate, request.maxTokens),
      timeouts: request.timeouts,
      abort,
    };
    await request.onSend(candidate);
    const answering = adapters[endpoint.provider.format].chat(call);
    failPoint('after-dispatch');
    const answer: ChatAnswer = await answering;
    if (answer.kind === 'completion') return answer;
    request.onStreamBegun(candidate);
    hasAnswered = true;
    if (leaving !== undefined) leave();
    return { kind: 'stream', source: answer.source, first: await firstToken(answer.source) };
  } catch (thrown) {
    // A stream that failed to begin must not keep its connection behind the next attempt.
    abort.abort();
    throw thrown;
  } finally {
    clearTimeout(leaving);
    request.signal.removeEventListener('abort', leaveOnceAnswered);
    request.stopping.removeEventListener('abort', leave);
  }
}

/** More chunks than this without a token are handed on, so that they cannot pile up here. */
const MAX_CHUNKS_BEFORE_TOKEN = 100;

/** Most providers send the role at once and think afterwards: a chunk that says nothing does not bind us to them. */
async function firstToken(source: ChunkSource): Promise<ChatChunk[]> {
  const first: ChatChunk[] = [];
  while (first.length < MAX_CHUNKS_BEFORE_TOKEN) {
    const chunks = await source.next();
    if (chunks === null) break;
    first.push(...chunks);
    if (chunks.some(saysSomething)) break;
  }
  if (first.length === 0)
    throw new ProviderError('garbage', { message: 'Provider returned an empty stream' });
  return first;
}

function saysSomething({ choices, usage }: ChatChunk): boolean {
  if (usage !== undefined) return true;
  return choices.some(
    ({ delta, finish_reason }) =>
      finish_reason !== null ||
      Object.entries(delta).some(([member, value]) => member !== 'role' && value !== ''),
  );
}

function capFor({ endpoint }: Candidate, maxTokens: number | null): number | null {
  if (maxTokens === null || endpoint.maxCompletionTokens === null) return maxTokens;
  return Math.min(maxTokens, endpoint.maxCompletionTokens);
}

function record({ model, endpoint }: Candidate, status: number | null, latencyMs: number): AttemptRecord {
  return {
    provider: endpoint.provider.name,
    tag: endpoint.tag,
    model: model.canonicalSlug,
    status,
    latency_ms: latencyMs,
  };
}

function previousError(error: ProviderError, { endpoint }: Candidate): PreviousError {
  return { provider: endpoint.provider.name, code: error.status ?? 502, status: error.status ?? 502 };
}

function smallest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
