/** The inference routes: each with the dialect that its callers speak. Parse, call, respond. */
import { type ClaudeLogin, claudeLoginOf } from '../auth/claude-login.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { FrameSource } from '../chat/frames.ts';
import type { DialectName } from '../chat/prompt.ts';
import type { Clock } from '../clock.ts';
import type { Door as ContentDoor } from '../content/asked.ts';
import type { RecordedSender } from '../content/content-log.ts';
import { RecordedStream } from '../content/recorded-stream.ts';
import type { Recording } from '../content/recording.ts';
import { anthropicMessages } from '../dialects/anthropic-messages/dialect.ts';
import type { AnyRequest, Dialect, RequestFrame } from '../dialects/dialect.ts';
import { openAiChat } from '../dialects/openai-chat/dialect.ts';

import { parseEmbeddingsRequest } from '../dialects/openai-embeddings/request.ts';
import { wholeEmbeddings } from '../dialects/openai-embeddings/whole.ts';

import { openAiResponses } from '../dialects/openai-responses/dialect.ts';

import { openAiText } from '../dialects/openai-text/dialect.ts';
import { toTurnpikeError } from '../errors.ts';
import { apiKeyRoute, type Door, type KeyCall, type Route } from '../http/route.ts';
import type { StreamWatch } from '../http/sse.ts';
import { newGenerationId, newRequestId } from '../ids.ts';
import type { JsonObject } from '../json.ts';
import type { DoorName } from '../metering/settle.ts';
import { type TaggedBody, tagsOf } from '../metering/tags.ts';
import { attributionOf } from './attribution.ts';
import { type ChatCall, type SessionChatServices, sessionChatRoute } from './by-session/routes.ts';
import type { Caller, Complete, Completed } from './complete.ts';
import { filterBody } from './content-filters.ts';
import type { CountTokens } from './count-tokens.ts';
import type { Embed } from './embeddings.ts';
import type { Explain } from './explain.ts';
import { googleRoutes, type ParseEmbeddings } from './google/routes.ts';
import { LateStream } from './late-stream.ts';
import type { ModelGate } from './model-gate.ts';
import { ResponsesSocket } from './responses-socket.ts';
import { wantsRouterMetadata } from './router-metadata.ts';
import type { Room } from './socket-memory.ts';
import type { Sender } from './steps.ts';

export interface InferenceServices extends SessionChatServices {
  readonly complete: Complete;
  readonly countTokens: CountTokens;
  /** For what no provider is asked about: throws as a request for the model would, where guardrails leave nobody to serve it. */
  readonly mustMayServe: ModelGate;
  readonly explain: Explain;
  readonly embed: Embed;
  /** A function, so that a reloaded catalogue is seen by the next request. */
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  readonly streams: StreamWatch;
  readonly readBody: (request: Request) => Promise<{ value: JsonObject; bytes: number }>;
  readonly sockets: {
    readonly readMessage: (text: string) => Promise<{ value: JsonObject; bytes: number }>;
    /** What their conversations may take of memory, all together and each. */
    readonly room: Room;
    readonly maxBytes: number;
    readonly idleMs: number;
  };
  /** A keyed hash of the request's `user`: the text itself is never stored or sent on. */
  readonly hashUser: (accountId: string, user: string) => string;
  /** What is kept of a request, where its workspace has asked for that; null: nothing. */
  readonly record: (
    sender: RecordedSender,
    door: ContentDoor,
    body: JsonObject,
    bytes: number,
  ) => Recording | null;
  /** Of a request's metadata, what is kept. */
  readonly tagNames: ReadonlySet<string>;
  /** Throws 503 while the gateway is stopping or cannot keep records. */
  readonly mustAccept: () => void;
  /** Whether a Claude login in the place of a key goes on to Anthropic. */
  readonly passesLogins: boolean;
  /** Told of a request that failed after its status was sent, on a connection that goes on, or that a session asked for. */
  readonly onRefused: SessionChatServices['onRefused'];
  /** How long the status of a stream may stay open; then a 200 and keep-alive comments go out before the first token. */
  readonly holdBackMs: number;
}

/** What records call the door of each dialect. */
const DOORS: Readonly<Record<DialectName, DoorName>> = {
  'openai-chat': 'chat',
  'openai-text': 'completions',
  'anthropic-messages': 'messages',
  'openai-responses': 'responses',
  'google-generate': 'gemini',
};
const SOCKET_PATH = '/api/v1/responses';
const MESSAGES_DOOR: Door = { errorForm: anthropicMessages, keyHeaders: ['x-turnpike-key', 'x-api-key'] };

export function inferenceRoutes(services: InferenceServices): Route[] {
  const route = (path: string, dialect: Dialect, door: Door = {}) =>
    apiKeyRoute('POST', path, (call) => handle(services, call, dialect), { errorForm: dialect, ...door });
  const { catalogue, readBody } = services;
  return [
    route('/api/v1/chat/completions', openAiChat),
    sessionChatRoute(services, (call) => handle(services, call, openAiChat)),
    route('/api/v1/completions', openAiText),
    route('/api/v1/messages', anthropicMessages, MESSAGES_DOOR),
    apiKeyRoute(
      'POST',
      '/api/v1/messages/count_tokens',
      (call) => countTokens(services, call),
      MESSAGES_DOOR,
    ),
    apiKeyRoute('POST', '/api/v1/routing/explain', (call) => explain(services, call)),
    apiKeyRoute('POST', '/api/v1/policy/explain', (call) => explain(services, call)),
    route('/api/v1/responses', openAiResponses),
    apiKeyRoute('GET', SOCKET_PATH, (call) => openSocket(services, call), {
      errorForm: openAiResponses,
    }),
    apiKeyRoute('POST', '/api/v1/embeddings', (call) =>
      embeddings(services, call, 'embeddings', (value, bytes) => {
        const request = parseEmbeddingsRequest(value, bytes);
        const { encoding } = request.payload;
        return { request, write: (head, answer, bill) => wholeEmbeddings(head, answer, encoding, bill) };
      }),
    ),
    ...googleRoutes({
      catalogue,
      readBody,
      answer: (call, dialect) => handle(services, call, dialect),
      embed: (call, parse) => embeddings(services, call, 'gemini', parse),
      mustMayServe: services.mustMayServe,
    }),
  ];
}

async function handle(services: InferenceServices, call: ChatCall, dialect: Dialect): Promise<Response> {
  services.mustAccept();
  const { value, bytes: sentBytes } = await services.readBody(call.request);
  const looking = filterBody(call.principal, value, sentBytes, call.request.headers);
  const filtered = looking === null ? null : await looking;
  const bytes = filtered === null ? sentBytes : filtered.bytes;
  const request = dialect.parse(value, bytes, frameOf(call));
  const signal = request.stream ? call.request.signal : null;
  const login = loginOf(services, call, dialect);
  const sender = senderOf(services, call, request, value, DOORS[dialect.name], signal);
  const asked = login === null ? { ...sender, dialect } : { ...sender, dialect, login };
  const caller = filtered === null ? asked : { ...asked, filters: filtered.report };
  const headers: Record<string, string> = {
    'x-generation-id': caller.generationId,
    ...dialect.answerHeaders?.(call.requestId),
  };
  const closeWhenIdle = call.keepOpen();
  const completing = services.complete(request, caller);
  const recording = services.record(caller, dialect.name, value, bytes);
  if (recording !== null) recordFailure(completing, recording);
  if (!request.stream) {
    const completed = await completing.finally(closeWhenIdle);
    noteIn(headers, completed);
    const body = bodyOf(completed);
    recording?.whole(body);
    return jsonAnswer(body, headers);
  }
  const coming = completing.then((completed) => {
    noteIn(headers, completed);
    return streamOf(completed);
  });
  const begun = await beginning(services, coming, caller, call).catch((thrown) => {
    closeWhenIdle();
    throw thrown;
  });
  const source = recording === null ? begun : new RecordedStream(begun, recording);
  headers['content-type'] = dialect.streamContentType;
  return services.streams.respond(source, { headers, signal: call.request.signal, onEnd: closeWhenIdle });
}

/** Free, and recorded nowhere. */
async function countTokens(services: InferenceServices, call: KeyCall): Promise<Response> {
  services.mustAccept();
  const { value, bytes } = await services.readBody(call.request);
  // Whoever counts reads it.
  const filtered = await filterBody(call.principal, value, bytes, call.request.headers);
  const request = anthropicMessages.parse(value, filtered?.bytes ?? bytes, frameOf(call));
  const login = loginOf(services, call, anthropicMessages);
  const tokens = await services.countTokens(request, anthropicMessages.name, {
    principal: call.principal,
    login,
  });
  return Response.json(
    { input_tokens: tokens },
    { headers: { ...anthropicMessages.answerHeaders?.(call.requestId) } },
  );
}

/** The body of a chat request; free, and recorded nowhere. */
async function explain(services: InferenceServices, call: KeyCall): Promise<Response> {
  const { value, bytes } = await services.readBody(call.request);
  const request = openAiChat.parse(value, bytes, frameOf(call));
  const tags = tagsOf(value, services.tagNames);
  const attribution = attributionOf(call.request.headers, request.sessionId, null, 'chat', tags);
  const data = await services.explain(request, openAiChat, { principal: call.principal, attribution });
  return Response.json({ data });
}

async function embeddings(
  services: InferenceServices,
  call: KeyCall,
  door: DoorName,
  parse: ParseEmbeddings,
): Promise<Response> {
  services.mustAccept();
  const { value, bytes: sentBytes } = await services.readBody(call.request);
  const filtered = await filterBody(call.principal, value, sentBytes, call.request.headers);
  const bytes = filtered?.bytes ?? sentBytes;
  const { request, write } = parse(value, bytes);
  const own = senderOf(services, call, request, value, door, null);
  const sender = filtered === null ? own : { ...own, filters: filtered.report };
  const closeWhenIdle = call.keepOpen();
  const embedding = services.embed(request, sender, write);
  const recording = services.record(sender, 'openai-embeddings', value, bytes);
  if (recording !== null) recordFailure(embedding, recording);
  const body = await embedding.finally(closeWhenIdle);
  recording?.end();
  return jsonAnswer(body, { 'x-generation-id': sender.generationId });
}

/** At the doors of Anthropic's API alone, which is where its token goes. */
function loginOf(
  { passesLogins }: InferenceServices,
  { request }: ChatCall,
  dialect: Dialect,
): ClaudeLogin | null {
  return passesLogins && dialect === anthropicMessages ? claudeLoginOf(request.headers) : null;
}

/** A WebSocket whose requests come one after the other; 426 where none was asked for, and clients fall back to POST at once. */
function openSocket(services: InferenceServices, call: KeyCall): Response {
  services.mustAccept();
  const { clock, complete, mustAccept, onRefused, sockets, streams } = services;
  const dialect = openAiResponses;
  // Of the request itself nothing is left once the connection is another one.
  const headers = new Headers(call.request.headers);
  const request = new Request(call.request.url, { headers });
  const frame = { headers, params: call.params, query: new URLSearchParams() };
  const seconds = () => Math.floor(clock.nowMs() / 1000);
  return call.upgrade(
    new ResponsesSocket({
      ...{ dialect, mustAccept, ...sockets },
      gate: call.gate(),
      filter: (principal, body, bytes) => filterBody(principal, body, bytes, headers),
      parse: (body, bytes) => dialect.parse(body, bytes, frame),
      ask: (asked, principal, signal, body, filters) => {
        const from = { principal, requestId: newRequestId(), request };
        const sender = { ...senderOf(services, from, asked, body, 'responses', signal), dialect };
        const caller = filters === null ? sender : { ...sender, filters };
        const head = { id: caller.generationId, created: seconds() };
        const completing = complete(asked, caller);
        const coming = completing.then(streamOf);
        coming.catch((thrown) => onRefused(SOCKET_PATH, from, toTurnpikeError(thrown)));
        const late = new LateStream(coming, dialect, head);
        const recording = services.record(caller, dialect.name, body, asked.bodyBytes);
        if (recording === null) return { id: head.id, source: late };
        recordFailure(completing, recording);
        return { id: head.id, source: new RecordedStream(late, recording) };
      },
      onRefused: (error) =>
        onRefused(SOCKET_PATH, { principal: call.principal, requestId: newRequestId() }, error),
      newId: () => ({ id: newGenerationId(clock.nowMs()), created: seconds() }),
      watch: (answer) => streams.watch(answer),
    }),
  );
}

/** Whoever waits for the answer hears of the failure by itself. */
function recordFailure(completing: Promise<unknown>, recording: Recording): void {
  completing.catch((thrown) => recording.failed(toTurnpikeError(thrown)));
}

/** The stream, or one that is still to come when it keeps the status open for too long, or when its client reads why it failed there alone. */
async function beginning(
  { clock, holdBackMs, onRefused }: InferenceServices,
  coming: Promise<FrameSource>,
  { dialect, generationId }: Caller,
  call: ChatCall,
): Promise<FrameSource> {
  const begun = await withinHoldBack(coming, holdBackMs).catch((thrown: unknown) => {
    if (dialect.refusesInStream?.(toTurnpikeError(thrown), call.request.headers) === true) return null;
    throw thrown;
  });
  if (begun !== null) return begun;
  coming.catch((thrown) => onRefused(call.url.pathname, call, toTurnpikeError(thrown)));
  return new LateStream(coming, dialect, { id: generationId, created: Math.floor(clock.nowMs() / 1000) });
}

/** Its query is read when somebody asks for it: most doors never do. */
function frameOf(call: ChatCall): RequestFrame {
  return {
    headers: call.request.headers,
    params: call.params,
    get query() {
      return call.url.searchParams;
    },
  };
}

function senderOf(
  services: InferenceServices,
  call: Pick<KeyCall, 'principal' | 'requestId' | 'request'>,
  request: AnyRequest,
  body: TaggedBody,
  door: DoorName,
  signal: AbortSignal | null,
): Sender {
  const { principal, requestId } = call;
  const endUser = request.user === null ? null : services.hashUser(principal.accountId, request.user);
  return {
    principal,
    requestId,
    generationId: newGenerationId(services.clock.nowMs()),
    attribution: attributionOf(
      call.request.headers,
      request.sessionId,
      endUser,
      door,
      tagsOf(body, services.tagNames),
    ),
    signal,
    wantsRouting: wantsRouterMetadata(call.request.headers),
    // Hardly ever asked for.
    urgency: () => (call.request.headers.get(URGENCY_HEADER) === 'low' ? 'low' : 'normal'),
  };
}

/** What is said of an answer beside its dialect; too late for a stream whose status had to go out before it. */
function noteIn(headers: Record<string, string>, { notes }: Completed): void {
  for (const name in notes) headers[`x-turnpike-${name.replaceAll('_', '-')}`] = String(notes[name]);
}
/** `low`: work that can wait behind everybody else's at a backend that takes only so much at once. */
const URGENCY_HEADER = 'x-turnpike-priority';

function bodyOf(completed: Completed): JsonObject {
  if (completed.kind !== 'body') throw new Error('a request without stream was answered with one');
  return completed.body;
}

function jsonAnswer(body: JsonObject, headers: Record<string, string>): Response {
  return new Response(JSON.stringify(body), {
    headers: { 'content-type': 'application/json', ...headers },
  });
}

function streamOf(completed: Completed): FrameSource {
  if (completed.kind !== 'stream') throw new Error('a request for a stream was answered without one');
  return completed.stream;
}

/** Null when the time is over first. */
async function withinHoldBack(coming: Promise<FrameSource>, holdBackMs: number): Promise<FrameSource | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), holdBackMs);
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}
