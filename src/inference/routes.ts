/** The inference routes: parse, call, respond. */

import type { Clock } from '../clock.ts';
import { type ChatRequest, parseChatRequest } from '../dialects/openai-chat/request.ts';
import { chatBodyFromPrompt } from '../dialects/openai-text/request.ts';
import { chatDialect, type Dialect, DONE_FRAME, textDialect } from '../dialects/render.ts';
import { type TurnpikeError, toTurnpikeError } from '../errors.ts';
import { errorBody } from '../http/envelope.ts';
import { apiKeyRoute, type KeyCall, type Route } from '../http/route.ts';
import type { FrameSource, StreamWatch } from '../http/sse.ts';
import { newGenerationId } from '../ids.ts';
import type { JsonObject } from '../json.ts';
import { attributionOf } from './attribution.ts';
import type { Caller, Complete, Completed } from './complete.ts';

export interface ChatRouteServices {
  readonly complete: Complete;
  readonly clock: Clock;
  readonly streams: StreamWatch;
  readonly readBody: (request: Request) => Promise<{ value: JsonObject; bytes: number }>;
  /** A keyed hash of the request's `user`: the text itself is never stored or sent on. */
  readonly hashUser: (accountId: string, user: string) => string;
  /** Throws 503 while the gateway is stopping or cannot keep records. */
  readonly mustAccept: () => void;
  /** How long the status of a stream may stay open; then a 200 and keep-alive comments go out before the first token. */
  readonly holdBackMs: number;
}

export function chatRoutes(services: ChatRouteServices): Route[] {
  return [
    apiKeyRoute('POST', '/api/v1/chat/completions', (call) =>
      handle(services, call, chatDialect, (body) => body),
    ),
    apiKeyRoute('POST', '/api/v1/completions', (call) =>
      handle(services, call, textDialect, chatBodyFromPrompt),
    ),
  ];
}

async function handle(
  services: ChatRouteServices,
  call: KeyCall,
  dialect: Dialect,
  toChatBody: (body: JsonObject) => JsonObject,
): Promise<Response> {
  services.mustAccept();
  const { value, bytes } = await services.readBody(call.request);
  const request = parseChatRequest(toChatBody(value), bytes);
  const caller = callerOf(services, call, request, dialect);
  const headers = { 'x-generation-id': caller.generationId };
  const closeWhenIdle = call.keepOpen();
  const completing = services.complete(request, caller);
  if (!request.stream) return jsonAnswer(await completing.finally(closeWhenIdle), headers);
  const source = await beginning(services, completing, caller.generationId).catch((thrown) => {
    closeWhenIdle();
    throw thrown;
  });
  return services.streams.respond(source, { headers, signal: call.request.signal, onEnd: closeWhenIdle });
}

/** The stream, or one that is still to come when it keeps the status open for too long. */
async function beginning(
  { clock, holdBackMs }: ChatRouteServices,
  completing: Promise<Completed>,
  generationId: string,
): Promise<FrameSource> {
  const completed = await withinHoldBack(completing, holdBackMs);
  return completed === null ? new LateStream(completing, generationId, clock) : streamOf(completed);
}

function callerOf(
  services: ChatRouteServices,
  call: KeyCall,
  request: ChatRequest,
  dialect: Dialect,
): Caller {
  const { principal, requestId } = call;
  const endUser = request.user === null ? null : services.hashUser(principal.accountId, request.user);
  return {
    principal,
    requestId,
    generationId: newGenerationId(services.clock.nowMs()),
    attribution: attributionOf(call.request.headers, request.sessionId, endUser),
    dialect,
    signal: request.stream ? call.request.signal : NEVER,
  };
}

/** A whole answer is paid for in full at every provider, so nothing is saved by leaving: it runs to its end and is recorded. */
const NEVER = new AbortController().signal;

function jsonAnswer(completed: Completed, headers: Record<string, string>): Response {
  if (completed.kind !== 'body') throw new Error('a request without stream was answered with one');
  return new Response(JSON.stringify(completed.body), {
    headers: { 'content-type': 'application/json', ...headers },
  });
}

function streamOf(completed: Completed): FrameSource {
  if (completed.kind !== 'stream') throw new Error('a request for a stream was answered without one');
  return completed.stream;
}

/** Null when the time is over first. */
async function withinHoldBack(completing: Promise<Completed>, holdBackMs: number): Promise<Completed | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), holdBackMs);
  });
  try {
    return await Promise.race([completing, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A stream whose 200 is out before its provider has begun: a failure can only be its last event now. */
class LateStream implements FrameSource {
  readonly #completing: Promise<Completed>;
  readonly #generationId: string;
  readonly #clock: Clock;
  #failed = false;
  #left = false;

  constructor(completing: Promise<Completed>, generationId: string, clock: Clock) {
    this.#completing = completing;
    this.#generationId = generationId;
    this.#clock = clock;
  }

  async next(): Promise<string | null> {
    if (this.#failed) return null;
    try {
      return await streamOf(await this.#completing).next();
    } catch (thrown) {
      this.#failed = true;
      return this.#left ? null : this.#errorFrames(toTurnpikeError(thrown));
    }
  }

  /** The request's signal has told the attempt already; what has begun meanwhile is cancelled here. */
  async cancel(): Promise<void> {
    this.#left = true;
    try {
      await streamOf(await this.#completing).cancel();
    } catch {
      // It never began: there is nothing to cancel.
    }
  }

  #errorFrames(error: TurnpikeError): string {
    const chunk = {
      id: this.#generationId,
      object: 'chat.completion.chunk',
      created: Math.floor(this.#clock.nowMs() / 1000),
      // No model answered.
      model: '',
      error: errorBody(error),
      choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error', native_finish_reason: null }],
    };
    return `data: ${JSON.stringify(chunk)}\n\n${DONE_FRAME}`;
  }
}
