/** One chat request from beginning to end: resolve, plan, admit, attempt, settle. The only file that orders these steps. */
import type { Principal } from '../auth/principal.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { ChatRequest } from '../dialects/openai-chat/request.ts';
import { type AnswerHead, type Dialect, withoutReasoning } from '../dialects/render.ts';
import { TurnpikeError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { JsonObject } from '../json.ts';
import { admit } from '../limits/admit.ts';
import type { FreeRequests } from '../limits/free-requests.ts';
import type { LeaseKeeper } from '../limits/leases/keeper.ts';
import type { Wallets } from '../limits/wallets.ts';
import { estimatedUsage, reportedUsage, writtenBytes } from '../metering/estimate.ts';
import { isFreeVariant } from '../metering/free-variant.ts';
import type { ScopeRef } from '../metering/generation.ts';
import type { Work, WorkRecorder } from '../metering/recorder.ts';
import type { Attribution } from '../metering/settle.ts';
import type { BillableUsage } from '../pricing/cost.ts';
import { AttemptsFailed, attempt, type Begun } from '../routing/attempt.ts';
import { publicError } from '../routing/failure.ts';
import type { EndpointHealth } from '../routing/health.ts';
import { type Candidate, noEndpoints, plan } from '../routing/plan.ts';
import { ChatStream, type StreamEnd, streamFailure } from './answer-stream.ts';
import { resolveModels } from './resolve.ts';
import type { RunningStreams } from './running-streams.ts';

export interface CompleteServices {
  readonly catalogue: Catalogue;
  readonly config: Config;
  readonly clock: Clock;
  readonly book: Wallets;
  /** Where several nodes spend from one database. */
  readonly leases: LeaseKeeper | null;
  readonly health: EndpointHealth;
  readonly recorder: WorkRecorder;
  readonly runningStreams: RunningStreams;
  /** Aborted when the gateway can wait no longer: what runs is ended and settled as it stands. */
  readonly stopping: AbortSignal;
  /** Renders the `error` member of a stream's last event. */
  readonly errorMember: (error: TurnpikeError) => JsonObject;
}

export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  readonly generationId: string;
  readonly attribution: Attribution;
  readonly dialect: Dialect;
  /** Aborted when the client of a stream leaves. */
  readonly signal: AbortSignal;
}

export type Completed =
  | { readonly kind: 'body'; readonly body: JsonObject }
  | { readonly kind: 'stream'; readonly stream: ChatStream };

export type Complete = (request: ChatRequest, caller: Caller) => Promise<Completed>;

export function createComplete(services: CompleteServices): Complete {
  const { book, catalogue, clock, config, health, leases, recorder } = services;

  return async (request, caller) => {
    const { models, router } = await resolveModels(catalogue, request.modelIds);
    const wallet = await book.walletOf(caller.principal);
    const startedAtMs = clock.nowMs();
    const { preferences, usedParameters, size } = request;
    const planned = plan({
      models,
      preferences,
      usedParameters,
      health,
      nowMs: startedAtMs,
      random: Math.random,
    });
    if (planned.candidates.length === 0) throw noEndpoints(models, planned.excludedBy);
    failPoint('before-hold');
    const asked = {
      wallet,
      size,
      endpoints: planned.candidates.map((candidate) => candidate.endpoint),
      unpriced: request.unpriced,
      defaultMaxTokens: config.limits.defaultMaxTokens,
      maxHoldNanoUsd: config.limits.maxHoldNanoUsd,
      nowMs: startedAtMs,
    };
    const leasing = leases?.ensure(asked);
    if (leasing !== undefined) await leasing;
    const admission = admit(asked);
    failPoint('after-hold');
    const work: Work = {
      ...identityOf(caller),
      streamed: request.stream,
      router,
      admission,
      scopes: wallet.scopes.map((scope): ScopeRef => [scope.kind, scope.id]),
      startedAtMs,
    };
    let begun: Begun;
    let sentTo: Candidate | null = null;
    try {
      const candidates = withinFreeLimit(planned.candidates, wallet.account.free, startedAtMs);
      begun = await attempt({
        generationId: caller.generationId,
        candidates,
        bodyFor: (candidate) => bodyFor(candidate, request),
        onSend: async (candidate) => {
          await recorder.sent(work, candidate);
          sentTo = candidate;
        },
        onStreamBegun: (candidate) => recorder.progressed(work, candidate, promptOnly(request)),
        stream: request.stream,
        maxTokens: admission.maxTokens,
        timeouts: { firstByteMs: config.limits.firstByteTimeoutMs, idleMs: config.limits.idleTimeoutMs },
        signal: caller.signal,
        stopping: services.stopping,
        health,
        nowMs: () => clock.nowMs(),
      });
    } catch (thrown) {
      throw await abandon(services, request, work, sentTo, thrown);
    }
    return begun.kind === 'stream'
      ? { kind: 'stream', stream: relay(services, request, caller, work, begun) }
      : { kind: 'body', body: await answer(services, request, caller, work, begun) };
  };
}

/** Over all choices; a provider that goes on beyond it is cut off. */
function outputCap(work: Work, request: ChatRequest): number | null {
  const { maxTokens } = work.admission;
  return maxTokens === null ? null : maxTokens * request.size.choices;
}

/** The least that a request costs once its provider has answered. */
function promptOnly({ bodyBytes, size }: ChatRequest): BillableUsage {
  return estimatedUsage(bodyBytes, 0, size.imageCount);
}

function identityOf({ principal, requestId, generationId, attribution }: Caller) {
  return { principal, requestId, generationId, attribution };
}

/** Beyond the limit on free models, a request goes on with those it pays for, if it named any. */
function withinFreeLimit(
  candidates: readonly Candidate[],
  free: FreeRequests,
  nowMs: number,
): readonly Candidate[] {
  const paid = candidates.filter(({ model }) => !isFreeVariant(model.id));
  if (paid.length === candidates.length) return candidates;
  try {
    free.take(nowMs);
    return candidates;
  } catch (thrown) {
    if (paid.length === 0) throw thrown;
    return paid;
  }
}

/** An endpoint that is known not to take a parameter is spared it; what was asked of `require_parameters` is checked in the plan. */
function bodyFor({ endpoint }: Candidate, request: ChatRequest): JsonObject {
  if (endpoint.supportedParameters.length === 0) return request.body;
  const unsupported = request.usedParameters.filter(
    (name) => OPTIONAL_PARAMETERS.has(name) && !endpoint.supportedParameters.includes(name),
  );
  if (unsupported.length === 0) return request.body;
  const body = { ...request.body };
  for (const name of unsupported) delete body[name];
  return body;
}

/** Those whose absence changes the style of an answer, not its kind: tools and formats are never dropped in silence. */
const OPTIONAL_PARAMETERS = new Set([
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'top_a',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'logit_bias',
  'seed',
  'verbosity',
]);

function headOf(work: Work, { model, endpoint }: Candidate): AnswerHead {
  return {
    id: work.generationId,
    created: Math.floor(work.startedAtMs / 1000),
    model: model.id,
    provider: endpoint.provider.name,
  };
}

/** A whole answer: settled before it is sent. */
async function answer(
  { recorder }: CompleteServices,
  request: ChatRequest,
  caller: Caller,
  work: Work,
  begun: Begun & { kind: 'completion' },
): Promise<JsonObject> {
  const { completion } = begun;
  const written = completion.choices.reduce((sum, choice) => sum + writtenBytes(choice.message), 0);
  const { imageCount } = request.size;
  const usage = await recorder.finish(work, begun, {
    usage:
      completion.usage === null
        ? estimatedUsage(request.bodyBytes, written, imageCount)
        : reportedUsage(completion.usage, imageCount),
    estimated: completion.usage === null,
    finishReason: completion.choices[0]?.finish_reason ?? null,
    nativeFinishReason: completion.choices[0]?.native_finish_reason ?? null,
    serviceTier: completion.serviceTier,
    upstreamId: completion.upstreamId,
    cancelled: false,
  });
  const choices = request.excludeReasoning
    ? completion.choices.map((choice) => ({ ...choice, message: withoutReasoning(choice.message) }))
    : completion.choices;
  return caller.dialect.body(headOf(work, begun.candidate), { ...completion, choices }, usage);
}

/** A streamed answer: handed over after its first chunk, settled at its end. */
function relay(
  { recorder, errorMember, runningStreams, stopping }: CompleteServices,
  request: ChatRequest,
  caller: Caller,
  work: Work,
  begun: Begun & { kind: 'stream' },
): ChatStream {
  const { provider } = begun.candidate.endpoint;
  const context = {
    providerName: provider.name,
    generationId: work.generationId,
    previous: [],
    retryAfterSeconds: null,
  };
  const stream = new ChatStream({
    source: begun.source,
    first: begun.first,
    head: headOf(work, begun.candidate),
    dialect: caller.dialect,
    excludeReasoning: request.excludeReasoning,
    promptBytes: request.bodyBytes,
    imageCount: request.size.imageCount,
    stopsWhenCancelled: provider.stopsWhenCancelled,
    stopping,
    settle: (end) => {
      forget();
      return recorder.finish(work, begun, end);
    },
    onProgress: (usage) => recorder.progressed(work, begun.candidate, usage),
    maxTokens: work.admission.chargeCapNanoUsd === null ? null : outputCap(work, request),
    describe: (thrown) => errorMember(streamFailure(thrown, (error) => publicError(error, context))),
  });
  const forget = runningStreams.add(stream, work.principal);
  return stream;
}

const WITHOUT_ANSWER: StreamEnd = {
  usage: estimatedUsage(0, 0, 0),
  estimated: true,
  finishReason: 'error',
  nativeFinishReason: null,
  serviceTier: null,
  upstreamId: null,
  cancelled: false,
};

/**
 * Nothing was answered: recorded at the prompt's cost when the client left a provider that had begun to answer, without cost
 * otherwise, also when a defect of ours ended it: its hold is on record. What was sent to none leaves no record.
 */
async function abandon(
  { recorder }: CompleteServices,
  request: ChatRequest,
  work: Work,
  sentTo: Candidate | null,
  thrown: unknown,
): Promise<unknown> {
  if (!(thrown instanceof AttemptsFailed)) {
    if (sentTo === null) work.admission.hold.release();
    else await recorder.finish(work, { candidate: sentTo, attempts: [], firstByteMs: null }, WITHOUT_ANSWER);
    return thrown;
  }
  if (thrown.attempts.length === 0) {
    work.admission.hold.release();
    return new TurnpikeError('client_closed_request');
  }
  const { candidate, attempts, publicError: error, wasAtWork } = thrown;
  await recorder.finish(
    work,
    { candidate, attempts, firstByteMs: null },
    {
      ...WITHOUT_ANSWER,
      ...(wasAtWork ? { usage: promptOnly(request), finishReason: null } : {}),
      cancelled: error === null,
    },
  );
  return error ?? new TurnpikeError('client_closed_request');
}
