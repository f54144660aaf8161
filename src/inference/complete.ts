/** One chat request from beginning to end: resolve, plan, admit, attempt, settle. The only file that orders these steps. */
import type { Principal } from '../auth/principal.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Endpoint } from '../catalogue/model.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { AnswerHead, Dialect, InferenceRequest } from '../dialects/dialect.ts';
import { TurnpikeError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { JsonObject } from '../json.ts';
import { admit } from '../limits/admit.ts';
import type { FreeRequests } from '../limits/free-requests.ts';
import type { LeaseKeeper } from '../limits/leases/keeper.ts';
import type { Wallets } from '../limits/wallets.ts';
import { estimatedUsage } from '../metering/estimate.ts';
import { isFreeVariant } from '../metering/free-variant.ts';
import type { ScopeRef } from '../metering/generation.ts';
import type { Ending, Work, WorkRecorder } from '../metering/recorder.ts';
import type { Attribution } from '../metering/settle.ts';
import type { BillableUsage } from '../pricing/cost.ts';
import type { ChatCall, ProviderAdapter } from '../providers/adapter.ts';
import type { WireFormat } from '../providers/wire-format.ts';
import { AttemptsFailed, attempt, availabilityOf, type Begun } from '../routing/attempt.ts';
import { publicError } from '../routing/failure.ts';
import type { EndpointHealth } from '../routing/health.ts';
import { type Candidate, noEndpoints, plan } from '../routing/plan.ts';
import type { Stopping } from '../routing/stopping.ts';
import { targetOf } from '../routing/target.ts';
import { AnswerStream } from './answer-stream.ts';
import { resolveModels } from './resolve.ts';
import type { RunningStreams } from './running-streams.ts';

export interface CompleteServices {
  readonly catalogue: Catalogue;
  readonly config: Config;
  readonly clock: Clock;
  readonly wallets: Wallets;
  /** Where several nodes spend from one database. */
  readonly leases: LeaseKeeper | null;
  readonly adapters: Readonly<Record<WireFormat, ProviderAdapter>>;
  readonly health: EndpointHealth;
  readonly recorder: WorkRecorder;
  readonly runningStreams: RunningStreams;
  /** Begins when the gateway can wait no longer: what runs is ended and settled as it stands. */
  readonly stopping: Stopping;
  /** Of the page that explains why nobody could serve a request. */
  readonly availabilityDocsUrl: string;
}

export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  readonly generationId: string;
  readonly attribution: Attribution;
  readonly dialect: Dialect;
  /** Aborted when the client of a stream leaves; null: a whole answer runs to its end, for it is paid for in full. */
  readonly signal: AbortSignal | null;
}

export type Completed =
  | { readonly kind: 'body'; readonly body: JsonObject }
  | { readonly kind: 'stream'; readonly stream: AnswerStream };

export type Complete = (request: InferenceRequest, caller: Caller) => Promise<Completed>;

export function createComplete(services: CompleteServices): Complete {
  const { adapters, catalogue, clock, config, health, leases, recorder, wallets, availabilityDocsUrl } =
    services;
  const { limits } = config;
  const timeouts = {
    firstByteMs: limits.firstByteTimeoutMs,
    answerMs: limits.answerTimeoutMs,
    idleMs: limits.idleTimeoutMs,
  };

  return async (request, caller) => {
    const { models, router } = await resolveModels(catalogue, request.modelIds, availabilityDocsUrl);
    const wallet = await wallets.walletOf(caller.principal);
    const startedAtMs = clock.nowMs();
    const { preferences, usedParameters, size } = request;
    const planned = plan({
      models,
      preferences,
      usedParameters,
      honours: (endpoint) =>
        adapters[endpoint.provider.format].honoursReasoning(request.payload.reasoning, targetOf(endpoint)),
      refusalOf: (endpoint) =>
        adapters[endpoint.provider.format].refusal(request.payload, targetOf(endpoint)),
      health,
      nowMs: startedAtMs,
      random: Math.random,
    });
    if (planned.candidates.length === 0)
      throw planned.refusal ?? noEndpoints(models, planned.excludedBy, availabilityDocsUrl);
    failPoint('before-hold');
    const asked = {
      wallet,
      size,
      endpoints: planned.candidates.map((candidate) => candidate.endpoint),
      promptOverheadTokens: ({ provider }: Endpoint) =>
        adapters[provider.format].promptOverheadTokens(request.payload),
      unpriced: request.unpriced,
      defaultMaxTokens: limits.defaultMaxTokens,
      maxHoldNanoUsd: limits.maxHoldNanoUsd,
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
    const upstreamBodies: JsonObject[] = [];
    try {
      const candidates = withinFreeLimit(planned.candidates, wallet.account.free, startedAtMs);
      begun = await attempt({
        generationId: caller.generationId,
        candidates,
        adapters,
        callFor: (candidate): ChatCall => ({
          target: targetOf(candidate.endpoint),
          payload: request.payload,
          dialect: caller.dialect.name,
          withoutParameters: unsupported(candidate, request),
          stream: request.stream,
          maxTokens: capFor(
            candidate,
            admission.maxTokens ??
              (adapters[candidate.endpoint.provider.format].demandsCap === true
                ? (candidate.endpoint.maxCompletionTokens ?? limits.defaultMaxTokens)
                : null),
          ),
          timeouts,
        }),
        onSend: async (candidate, call) => {
          await recorder.opened(work, candidate);
          sentTo = candidate;
          if (request.stream && request.echoesUpstreamBody)
            upstreamBodies.push(adapters[candidate.endpoint.provider.format].requestBody(call));
        },
        onStreamBegun: (candidate) => recorder.progressed(work, candidate, promptOnly(request)),
        stream: request.stream,
        signal: caller.signal,
        stopping: services.stopping,
        health,
        nowMs: () => clock.nowMs(),
        availabilityDocsUrl,
      });
    } catch (thrown) {
      throw await abandon(services, request, work, sentTo, thrown);
    }
    return begun.kind === 'stream'
      ? { kind: 'stream', stream: relay(services, request, caller, work, begun, upstreamBodies) }
      : { kind: 'body', body: await answer(services, request, caller, work, begun) };
  };
}

function capFor({ endpoint }: Candidate, maxTokens: number | null): number | null {
  if (maxTokens === null || endpoint.maxCompletionTokens === null) return maxTokens;
  return Math.min(maxTokens, endpoint.maxCompletionTokens);
}

/** Over all choices; a provider that goes on beyond it is cut off. */
function outputCap(work: Work, request: InferenceRequest): number | null {
  const { maxTokens } = work.admission;
  return maxTokens === null ? null : maxTokens * request.size.choices;
}

/** The least that a request costs once its provider has answered. */
function promptOnly({ bodyBytes, size }: InferenceRequest): BillableUsage {
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
function unsupported({ endpoint }: Candidate, request: InferenceRequest): readonly string[] {
  if (endpoint.supportedParameters.length === 0) return NONE;
  const names = request.usedParameters.filter(
    (name) => OPTIONAL_PARAMETERS.has(name) && !endpoint.supportedParameters.includes(name),
  );
  return names.length === 0 ? NONE : names;
}

const NONE: readonly string[] = [];

/** Those whose absence changes the style of an answer, not its kind: tools and formats are never dropped in silence. */
const OPTIONAL_PARAMETERS = new Set([
  'reasoning',
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

function headOf(work: Work, { model, endpoint }: Candidate, request: InferenceRequest): AnswerHead {
  return {
    id: work.generationId,
    created: Math.floor(work.startedAtMs / 1000),
    model: model.id,
    provider: endpoint.provider.name,
    excludesReasoning: request.payload.reasoning?.exclude === true,
    remembered: request.remembered,
  };
}

/** A whole answer: settled before it is sent. */
async function answer(
  { recorder }: CompleteServices,
  request: InferenceRequest,
  caller: Caller,
  work: Work,
  begun: Begun & { kind: 'whole' },
): Promise<JsonObject> {
  const { answer } = begun;
  const { bodyBytes, size } = request;
  const bill = await recorder.settled(work, begun, {
    reported: answer.usage,
    seen: { promptBytes: bodyBytes, writtenBytes: answer.writtenBytes, imageCount: size.imageCount },
    estimated: false,
    finishReason: answer.finishReason,
    nativeFinishReason: answer.nativeFinishReason,
    serviceTier: answer.serviceTier,
    upstreamId: answer.upstreamId,
    cancelled: false,
  });
  return caller.dialect.whole(headOf(work, begun.candidate, request), answer, bill);
}

/** A streamed answer: handed over when it has begun, settled at its end. */
function relay(
  { recorder, runningStreams, stopping, availabilityDocsUrl }: CompleteServices,
  request: InferenceRequest,
  { dialect }: Caller,
  work: Work,
  begun: Begun & { kind: 'stream' },
  upstreamBodies: readonly JsonObject[],
): AnswerStream {
  const { provider } = begun.candidate.endpoint;
  const encoder = dialect.encoder(headOf(work, begun.candidate, request));
  const stream = new AnswerStream({
    stream: begun.stream,
    encoder,
    keepAliveFrame: dialect.keepAliveFrame,
    firstFrames: upstreamBodies.map((body) => encoder.upstreamBody(body)).join(''),
    promptBytes: request.bodyBytes,
    imageCount: request.size.imageCount,
    stopsWhenCancelled: provider.stopsWhenCancelled,
    stopping,
    settle: (ending) => {
      forget();
      return recorder.settled(work, begun, ending);
    },
    onProgress: (usage) => recorder.progressed(work, begun.candidate, usage),
    maxTokens: work.admission.chargeCapNanoUsd === null ? null : outputCap(work, request),
    describe: (error) =>
      publicError(error, {
        providerName: provider.name,
        generationId: work.generationId,
        previous: [],
        retryAfterSeconds: error.retryAfterSeconds,
        availabilityOf: (failure) =>
          availabilityOf(
            failure,
            { docsUrl: availabilityDocsUrl, retryAfterSeconds: failure.retryAfterSeconds },
            [begun.candidate],
          ),
      }),
  });
  const forget = runningStreams.add(stream, work.principal);
  return stream;
}

const WITHOUT_ANSWER: Ending = {
  reported: null,
  seen: { promptBytes: 0, writtenBytes: 0, imageCount: 0 },
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
  { bodyBytes, size }: InferenceRequest,
  work: Work,
  sentTo: Candidate | null,
  thrown: unknown,
): Promise<unknown> {
  if (!(thrown instanceof AttemptsFailed)) {
    if (sentTo === null) work.admission.hold.release();
    else await recorder.settled(work, { candidate: sentTo, attempts: [], firstByteMs: null }, WITHOUT_ANSWER);
    return thrown;
  }
  if (thrown.attempts.length === 0) {
    work.admission.hold.release();
    return new TurnpikeError('client_closed_request');
  }
  const { candidate, attempts, publicError: error, wasAtWork } = thrown;
  const seen = { promptBytes: bodyBytes, writtenBytes: 0, imageCount: size.imageCount };
  await recorder.settled(
    work,
    { candidate, attempts, firstByteMs: null },
    {
      ...WITHOUT_ANSWER,
      ...(wasAtWork ? { seen, finishReason: null } : {}),
      cancelled: error === null,
    },
  );
  return error ?? new TurnpikeError('client_closed_request');
}
