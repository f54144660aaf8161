/** A chat request from beginning to end: what it asks of the steps, and its answer whole or as a stream. */
import type { ChatAnswer } from '../chat/answer.ts';
import type { DialectName } from '../chat/prompt.ts';
import type { AnswerHead, Dialect, InferenceRequest } from '../dialects/dialect.ts';
import type { JsonObject } from '../json.ts';
import type { Work } from '../metering/recorder.ts';
import type { ChatCall, ProviderTimeouts } from '../providers/adapter.ts';
import { availabilityOf, type Begun } from '../routing/attempt.ts';
import { publicError } from '../routing/failure.ts';
import type { Candidate } from '../routing/plan.ts';
import { targetOf } from '../routing/target.ts';
import { AnswerStream } from './answer-stream.ts';
import { loginTarget } from './own-login.ts';
import type { RunningStreams } from './running-streams.ts';
import {
  type Job,
  keyedTarget,
  type Sender,
  type StepServices,
  settleWhole,
  start,
  timeoutsOf,
} from './steps.ts';

export interface CompleteServices extends StepServices {
  readonly runningStreams: RunningStreams;
}

export interface Caller extends Sender {
  readonly dialect: Dialect;
}

export type Completed =
  | { readonly kind: 'body'; readonly body: JsonObject }
  | { readonly kind: 'stream'; readonly stream: AnswerStream };

export type Complete = (request: InferenceRequest, caller: Caller) => Promise<Completed>;

export function createComplete(services: CompleteServices): Complete {
  const timeouts = timeoutsOf(services.config);
  return async (request, caller) => {
    const { dialect } = caller;
    const upstreamBodies: JsonObject[] = [];
    const job = chatJob(services, request, caller, timeouts, upstreamBodies);
    const { work, begun } = await start(services, job, caller);
    if (begun.kind === 'stream')
      return { kind: 'stream', stream: relay(services, request, dialect, work, begun, upstreamBodies) };
    const bill = await settleWhole(services, job, work, begun);
    return { kind: 'body', body: dialect.whole(headOf(work, begun.candidate, request), begun.answer, bill) };
  };
}

/** `upstreamBodies` gets what is sent, where the caller asked to see it. */
function chatJob(
  { adapters, config, credentials }: CompleteServices,
  request: InferenceRequest,
  { dialect, login }: Caller,
  timeouts: ProviderTimeouts,
  upstreamBodies: JsonObject[],
): Job<ChatAnswer> {
  const { payload } = request;
  const demandedCap = ({ endpoint }: Candidate) =>
    adapters[endpoint.provider.format].demandsCap === true
      ? (endpoint.maxCompletionTokens ?? config.limits.defaultMaxTokens)
      : null;
  const callFor = (candidate: Candidate, maxTokens: number | null): ChatCall => ({
    target:
      login === undefined
        ? keyedTarget({ credentials }, candidate.endpoint)
        : loginTarget(targetOf(candidate.endpoint), login),
    payload,
    dialect: dialect.name,
    withoutParameters: unsupported(candidate, request),
    stream: request.stream,
    maxTokens: capFor(candidate, maxTokens ?? demandedCap(candidate)),
    timeouts,
  });
  return {
    request,
    kind: 'chat',
    apiType: 'completions',
    promptBytes: request.bodyBytes,
    honours: (endpoint) =>
      adapters[endpoint.provider.format].honoursReasoning(payload.reasoning, targetOf(endpoint)),
    refusalOf: (endpoint) => adapters[endpoint.provider.format].refusal(payload, targetOf(endpoint)),
    promptOverheadTokens: ({ provider }) => adapters[provider.format].promptOverheadTokens(payload),
    unpriced: (candidates) => unpricedMembers(adapters, request, dialect.name, candidates),
    send: (candidate, maxTokens, reader) =>
      adapters[candidate.endpoint.provider.format].chat(callFor(candidate, maxTokens), reader),
    onSend: (candidate, maxTokens) => {
      if (!request.stream || !request.echoesUpstreamBody) return;
      const adapter = adapters[candidate.endpoint.provider.format];
      upstreamBodies.push(adapter.requestBody(callFor(candidate, maxTokens)));
    },
  };
}

/** Where every provider is told in words of its own, less is sent than where one is passed the request itself. */
function unpricedMembers(
  adapters: CompleteServices['adapters'],
  { unpriced, unpricedElsewhere }: InferenceRequest,
  dialect: DialectName,
  candidates: readonly Candidate[],
): readonly string[] {
  if (unpricedElsewhere === undefined) return unpriced;
  const isRelayed = candidates.some(({ endpoint }) => {
    const adapter = adapters[endpoint.provider.format];
    return adapter.native.includes(dialect) || adapter.relays?.(dialect, targetOf(endpoint)) === true;
  });
  return isRelayed ? unpriced : unpricedElsewhere;
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

/** A streamed answer: handed over when it has begun, settled at its end. */
function relay(
  { recorder, runningStreams, stopping, availabilityDocsUrl }: CompleteServices,
  request: InferenceRequest,
  dialect: Dialect,
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
