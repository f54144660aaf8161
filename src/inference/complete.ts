/** A chat request from beginning to end: what it asks of the steps, and its answer whole or as a stream. */
import type { Endpoint } from '../catalogue/model.ts';
import type { ChatAnswer } from '../chat/answer.ts';
import { originsIn, payloadFor } from '../chat/origin.ts';
import type { ChatPayload, DialectName } from '../chat/prompt.ts';
import { cachedTokensOf } from '../chat/usage.ts';
import { type AnswerHead, type Dialect, type InferenceRequest, routingMembers } from '../dialects/dialect.ts';
import type { CompiledFilters } from '../filters/compile.ts';
import type { JsonObject } from '../json.ts';
import type { LastTurns } from '../limits/last-turns.ts';
import type { Work } from '../metering/recorder.ts';
import type { ChatCall, ProviderTimeouts } from '../providers/adapter.ts';
import { availabilityOf, type Begun } from '../routing/attempt.ts';
import { publicError } from '../routing/failure.ts';
import type { Candidate } from '../routing/plan.ts';
import { targetOf } from '../routing/target.ts';
import { answerFiltersOf, type FilteredAnswer, FilteringEncoder, filteredAnswer } from './answer-filters.ts';
import { AnswerStream } from './answer-stream.ts';
import { abandon, settleWhole } from './ending.ts';
import { loginTarget } from './own-login.ts';
import { lastModelIn } from './routed.ts';
import { addStages } from './router-metadata.ts';
import type { RunningStreams } from './running-streams.ts';
import {
  type Job,
  keyedTarget,
  type Sender,
  type Started,
  type StepServices,
  start,
  timeoutsOf,
} from './steps.ts';
import { stickyConversationOf } from './sticky-conversation.ts';
import { tieredPayload } from './tiered-payload.ts';
import { type Learn, Turn } from './turn.ts';

export interface CompleteServices extends StepServices {
  readonly runningStreams: RunningStreams;
  readonly lastTurns: LastTurns;
}

export interface Caller extends Sender {
  readonly dialect: Dialect;
}

export type Completed =
  | { readonly kind: 'body'; readonly body: JsonObject; readonly notes: JsonObject | undefined }
  | { readonly kind: 'stream'; readonly stream: AnswerStream; readonly notes: JsonObject | undefined };

export type Complete = (request: InferenceRequest, caller: Caller) => Promise<Completed>;

export function createComplete(services: CompleteServices): Complete {
  const timeouts = timeoutsOf(services.config);
  return async (request, caller) => {
    const { dialect } = caller;
    const upstreamBodies: JsonObject[] = [];
    const answerFilters = answerFiltersOf(caller.principal);
    const turn = new Turn(services, request, caller.principal.accountId);
    const job = chatJob(services, request, caller, timeouts, upstreamBodies, turn, answerFilters !== null);
    const started = await start(services, job, caller);
    const { work, begun } = started;
    const learn = turn.learner(begun.candidate.endpoint);
    if (begun.kind === 'stream') {
      try {
        return {
          kind: 'stream',
          stream: relay(services, request, caller, started, begun, upstreamBodies, learn, answerFilters),
          notes: notesOf(work, begun.candidate),
        };
      } catch (defect) {
        // Nobody will read it: what it holds would be held for ever.
        begun.stream.cancel();
        begun.way.over();
        throw await abandon(services, job, work, begun.candidate, defect);
      }
    }
    let looked: FilteredAnswer | null = null;
    try {
      learn?.(begun.answer.usage);
      if (answerFilters !== null)
        looked = await filteredAnswer(answerFilters, begun.answer, work.generationId);
    } catch (defect) {
      await settleWhole(services, job, started, begun, { finishReason: 'error' });
      throw defect;
    }
    const answer = looked === null ? begun.answer : looked.answer;
    const bill = await settleWhole(
      services,
      job,
      started,
      begun,
      looked === null
        ? {}
        : {
            answerFilters: JSON.stringify(looked.report),
            ...(looked.refusal?.code === 'content_blocked' ? { finishReason: 'content_filter' } : {}),
          },
    );
    if (looked !== null) {
      if (started.routing !== undefined) addStages(started.routing, looked.report);
      if (looked.refusal !== null) throw looked.refusal;
    }
    const head = headOf(work, begun.candidate, request);
    const body = dialect.whole(head, answer, bill);
    // The provider's own body may have members of these names.
    if (head.notes !== undefined) Object.assign(body, head.notes);
    return { kind: 'body', body: Object.assign(body, routingMembers(started)), notes: head.notes };
  };
}

/** `upstreamBodies` gets what is sent, where the caller asked to see it. */
export function chatJob(
  { adapters, config, credentials }: Pick<CompleteServices, 'adapters' | 'config' | 'credentials'>,
  request: InferenceRequest,
  { dialect, login }: Pick<Caller, 'dialect' | 'login'>,
  timeouts: ProviderTimeouts,
  upstreamBodies: JsonObject[],
  turn: Turn | null = null,
  isLookedThrough = false,
): Job<ChatAnswer> {
  const { payload } = request;
  const origins = payload.mayBeSealed === true ? originsIn(payload) : [];
  const { tierWish = null } = request;
  const openedFor = origins.length === 0 ? null : payloadsOf(payload);
  const payloadOf = (endpoint: Endpoint) => {
    const opened = openedFor === null ? payload : openedFor(endpoint);
    // Whoever pays with a login of their own has words of their own.
    return login === undefined ? tieredPayload(opened, tierWish, endpoint) : opened;
  };
  const demandedCap = ({ endpoint }: Candidate) =>
    adapters[endpoint.provider.format].demandsCap === true
      ? (endpoint.maxCompletionTokens ?? config.limits.defaultMaxTokens)
      : null;
  const callFor = (candidate: Candidate, maxTokens: number | null): ChatCall => ({
    target:
      login === undefined
        ? keyedTarget({ credentials }, candidate)
        : loginTarget(targetOf(candidate.endpoint), login),
    payload: payloadOf(candidate.endpoint),
    dialect: dialect.name,
    toldInParts: isLookedThrough,
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
    origins,
    honours: (endpoint) =>
      adapters[endpoint.provider.format].honoursReasoning(payload.reasoning, targetOf(endpoint)),
    refusalOf: (endpoint) =>
      adapters[endpoint.provider.format].refusal(payloadOf(endpoint), targetOf(endpoint)),
    promptOverheadTokens: ({ provider }) => adapters[provider.format].promptOverheadTokens(payload),
    knownPrompts: (endpoints, nowMs) => turn?.bounds(endpoints, nowMs) ?? new Map(),
    onScarce: () => turn?.remember(),
    lastModel: () => lastModelIn(payload.native.body['messages']),
    conversation: ({ principal, attribution }) =>
      stickyConversationOf(principal.accountId, attribution.sessionId, payload),
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

/** One for each provider, made when an endpoint of it is asked about: with its own seals, and without those of others. */
function payloadsOf(payload: ChatPayload): (endpoint: Endpoint) => ChatPayload {
  const made = new Map<string, ChatPayload>();
  return ({ provider: { slug } }) => {
    const known = made.get(slug) ?? payloadFor(payload, slug);
    made.set(slug, known);
    return known;
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

/** Undefined: the model was named, and answers. */
function notesOf({ routers, refused }: Work, { model }: Candidate): JsonObject | undefined {
  const router = routers?.get(model);
  if (router === undefined && refused === null) return undefined;
  return {
    ...(router === undefined ? {} : { router }),
    ...(refused === null ? {} : { downgraded_from: refused.model }),
  };
}

function headOf(work: Work, candidate: Candidate, request: InferenceRequest): AnswerHead {
  const { model, endpoint } = candidate;
  const notes = notesOf(work, candidate);
  return {
    ...(notes === undefined ? {} : { notes }),
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
  { dialect }: Caller,
  { work, remember, routing }: Started<ChatAnswer>,
  begun: Begun & { kind: 'stream' },
  upstreamBodies: readonly JsonObject[],
  learn: Learn | null,
  answerFilters: CompiledFilters | null,
): AnswerStream {
  const { provider } = begun.candidate.endpoint;
  const head = headOf(work, begun.candidate, request);
  const writing = dialect.encoder(routing === undefined ? head : { ...head, routing });
  const filtering = answerFilters === null ? null : new FilteringEncoder(writing, answerFilters, routing);
  const encoder = filtering ?? writing;
  const stream = new AnswerStream({
    stream: begun.stream,
    encoder,
    filtering,
    keepAliveFrame: dialect.keepAliveFrame,
    firstFrames: upstreamBodies.map((body) => encoder.upstreamBody(body)).join(''),
    promptBytes: request.bodyBytes,
    imageCount: request.size.imageCount,
    stopsWhenCancelled: provider.stopsWhenCancelled,
    stopping,
    settle: async (ending) => {
      let last = ending;
      try {
        begun.way.over();
        forget();
        learn?.(ending.reported);
        const { finishReason, reported } = ending;
        if (finishReason !== 'error') remember?.(reported === null ? 0 : cachedTokensOf(reported));
        if (filtering !== null) last = { ...ending, answerFilters: JSON.stringify(filtering.close()) };
      } catch (defect) {
        // The answer is paid for all the same, and nothing stays held.
        await recorder.settled(work, begun, ending);
        throw defect;
      }
      return await recorder.settled(work, begun, last);
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
