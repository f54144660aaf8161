/** A chat request as Anthropic's messages: itself, where its caller speaks them, and else made of its typed prompt. */
import type { ChatPayload, DialectName } from '../../chat/prompt.ts';
import { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { ChatCall, ProviderTarget } from '../adapter.ts';
import { USUAL_CAP } from '../reasoning-wish.ts';
import { generationOf } from './generation.ts';
import type { History } from './history.ts';
import { bodyOfPrompt, type PromptBody } from './prompt-body.ts';
import { thinkingOf, verbosityOf } from './reasoning.ts';

export const NATIVE: DialectName = 'anthropic-messages';

/** Of callers who speak another dialect, by model: made for the first endpoint that asks, and used by each. */
const translated = new WeakMap<ChatPayload, Map<string, PromptBody>>();

function promptBodyOf(payload: ChatPayload, model: string): PromptBody {
  let known = translated.get(payload);
  if (known === undefined) {
    known = new Map();
    translated.set(payload, known);
  }
  let body = known.get(model);
  if (body === undefined) {
    body = bodyOfPrompt(payload.prompt(), model);
    known.set(model, body);
  }
  return body;
}

/** Null: the model can be told. */
export function refusal(payload: ChatPayload, { upstreamModel }: ProviderTarget): TurnpikeError | null {
  if (payload.native.dialect === NATIVE) return null;
  try {
    promptBodyOf(payload, upstreamModel);
    return null;
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return thrown;
    throw thrown;
  }
}

/** Throws a TurnpikeError for what the model cannot be told. */
export function requestBody(call: ChatCall): JsonObject {
  return call.payload.native.dialect === NATIVE ? nativeBody(call) : typedBody(call);
}

/** Every member goes on as it is, known or not; the vendor answers for those that it refuses. */
function nativeBody({ payload, target, withoutParameters, maxTokens, stream }: ChatCall): JsonObject {
  const given = payload.native.body;
  const body: JsonObject = { model: target.upstreamModel, ...given };
  for (const name of withoutParameters) delete body[name];
  if (withoutParameters.includes('reasoning')) removeThinking(body);
  body['model'] = target.upstreamModel;
  body['max_tokens'] = maxTokens ?? given['max_tokens'] ?? USUAL_CAP;
  if (stream) body['stream'] = true;
  else delete body['stream'];
  return body;
}

/** All that speaks of thinking: the vendor refuses a part of it without the rest. */
function removeThinking(body: JsonObject): void {
  delete body['thinking'];
  const { output_config: config, context_management: management } = body;
  if (isJsonObject(config)) {
    const { effort: _, ...others } = config;
    if (Object.keys(others).length === 0) delete body['output_config'];
    else body['output_config'] = others;
  }
  if (!isJsonObject(management) || !Array.isArray(management['edits'])) return;
  const edits = management['edits'].filter((edit) => !String(edit?.type).startsWith('clear_thinking'));
  if (edits.length === 0) delete body['context_management'];
  else body['context_management'] = { ...management, edits };
}

function typedBody({ payload, target, withoutParameters, maxTokens, stream }: ChatCall): JsonObject {
  const model = target.upstreamModel;
  const prompt = promptBodyOf(payload, model);
  const { history, tools, toolChoice, stop, format, isForced } = prompt;
  const parameters = Object.fromEntries(
    Object.entries(prompt.parameters).filter(([name]) => !withoutParameters.includes(name)),
  );
  const cap = maxTokens ?? USUAL_CAP;
  const thinking = thinkingOf({
    wish: withoutParameters.includes('reasoning') ? null : payload.reasoning,
    verbosity: verbosityOf(parameters['verbosity']),
    model,
    maxTokens: cap,
    mayThink: !isForced && !goesOnWithoutThoughts(history),
  });
  const { effort } = thinking;
  const member = thinking.member ?? ownThinking(parameters, withoutParameters);
  const isThinking = thinking.isOn || (member !== null && member['type'] !== 'disabled');
  const outputConfig = { ...(effort === null ? {} : { effort }), ...(format === null ? {} : { format }) };
  return {
    model,
    max_tokens: cap,
    ...(history.system.length === 0 ? {} : { system: history.system }),
    messages: history.messages,
    ...(tools.length === 0 ? {} : { tools }),
    ...(toolChoice === null ? {} : { tool_choice: toolChoice }),
    ...(stop.length === 0 ? {} : { stop_sequences: stop }),
    ...sampling(parameters, model, isThinking),
    ...(member === null ? {} : { thinking: member }),
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
    ...(isJsonObject(parameters['cache_control']) ? { cache_control: parameters['cache_control'] } : {}),
    ...(parameters['service_tier'] === 'priority' ? { speed: 'fast' } : {}),
    ...(stream ? { stream: true } : {}),
  };
}

/**
 * Within a budget the vendor thinks only where the assistant's turn under way began with thoughts of its own: not where it called tools
 * without, and not where its words are to be gone on with.
 */
function goesOnWithoutThoughts({ messages }: History): boolean {
  const last = messages.at(-1);
  if (last?.role === 'assistant') return true;
  if (last?.content[0]?.['type'] !== 'tool_result') return false;
  const first = messages.at(-2)?.content[0]?.['type'];
  return first !== 'thinking' && first !== 'redacted_thinking';
}

/** What the vendor takes of them: none where it thinks but a `top_p` of nearly all, and of temperature and `top_p` one. */
function sampling(parameters: JsonObject, model: string, isThinking: boolean): JsonObject {
  const { samples, samplesByBoth } = generationOf(model);
  if (!samples) return {};
  const { temperature, top_p: topP, top_k: topK } = parameters;
  if (isThinking) return typeof topP === 'number' && topP >= 0.95 ? { top_p: topP } : {};
  const isWarm = typeof temperature === 'number';
  return {
    ...(isWarm ? { temperature: Math.min(1, temperature) } : {}),
    ...(typeof topP === 'number' && (samplesByBoth || !isWarm) ? { top_p: topP } : {}),
    ...(typeof topK === 'number' && topK > 0 ? { top_k: topK } : {}),
  };
}

/** A caller of another dialect may know the vendor's own word for it. */
function ownThinking({ thinking }: JsonObject, without: readonly string[]): JsonObject | null {
  return isJsonObject(thinking) && !without.includes('reasoning') ? thinking : null;
}

interface Prepared {
  readonly url: string;
  readonly isBearer: boolean;
  readonly streamHeaders: Readonly<Record<string, string>>;
  readonly wholeHeaders: Readonly<Record<string, string>>;
  readonly apiKey: string | null;
}

const MAX_PREPARED = 1000;

/** By base URL, the latest key with each: the same few for every request. */
const prepared = new Map<string, Prepared>();

function preparedFor(target: ProviderTarget): Prepared {
  const { baseUrl, apiKey, bearer } = target;
  const isBearer = bearer !== undefined;
  const known = prepared.get(baseUrl);
  if (known !== undefined && known.apiKey === apiKey && known.isBearer === isBearer) return known;
  const fresh: Prepared = {
    url: `${baseUrl}/messages`,
    isBearer,
    streamHeaders: headersFor(target, 'text/event-stream'),
    wholeHeaders: headersFor(target, 'application/json'),
    apiKey,
  };
  if (prepared.size >= MAX_PREPARED) prepared.clear();
  prepared.set(baseUrl, fresh);
  return fresh;
}

function headersFor({ apiKey, bearer }: ProviderTarget, accept: string): Readonly<Record<string, string>> {
  return Object.freeze({
    'content-type': 'application/json',
    accept,
    // Compressed answers would be inflated here only to be read and sent on.
    'accept-encoding': 'identity',
    'user-agent': bearer?.of === 'caller' ? (bearer.userAgent ?? 'turnpike') : 'turnpike',
    'anthropic-version': '2023-06-01',
    ...(apiKey === null
      ? {}
      : bearer === undefined
        ? { 'x-api-key': apiKey }
        : { authorization: `Bearer ${apiKey}` }),
  });
}

/** Without it the vendor takes no OAuth token (anthropics/anthropic-sdk-typescript, `lib/credentials/types.ts`). */
const OAUTH_BETA = 'oauth-2025-04-20';

function withOAuthBeta(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const betas = headers['anthropic-beta'];
  if (betas?.split(',').some((beta) => beta.trim() === OAUTH_BETA) === true) return headers;
  return { ...headers, 'anthropic-beta': betas === undefined ? OAUTH_BETA : `${betas},${OAUTH_BETA}` };
}

/** What clients of this dialect say in headers; the rest is the gateway's own. */
const PASSED = /^(?:anthropic-|x-claude-|x-stainless-|x-app$)/;

/** Where a call goes and with which headers: those of the caller's dialect go on. */
export function addressOf({
  target,
  payload,
  stream,
}: Pick<ChatCall, 'target' | 'payload' | 'stream'>): Address {
  const { bearer } = target;
  if (bearer !== undefined) {
    const address = bearer.of === 'caller' ? passingAddress(target, stream) : preparedAddress(target, stream);
    const { url, headers } = withCallersHeaders(address, payload);
    return { url, headers: withOAuthBeta(headers) };
  }
  return withCallersHeaders(preparedAddress(target, stream), payload);
}

interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

function preparedAddress(target: ProviderTarget, stream: boolean): Address {
  const { url, streamHeaders, wholeHeaders } = preparedFor(target);
  return { url, headers: stream ? streamHeaders : wholeHeaders };
}

/** A caller's own token is kept nowhere, not even in the memory of what is sent often. */
function passingAddress(target: ProviderTarget, stream: boolean): Address {
  const accept = stream ? 'text/event-stream' : 'application/json';
  return { url: `${target.baseUrl}/messages`, headers: { ...headersFor(target, accept) } };
}

function withCallersHeaders(address: Address, payload: ChatPayload): Address {
  const { url, headers } = address;
  const { headers: given, dialect } = payload.native;
  const mayPass = dialect === NATIVE ? PASSED : /^anthropic-beta$/;
  const passed = Object.entries(given ?? {}).filter(([name]) => mayPass.test(name));
  return passed.length === 0
    ? { url, headers }
    : { url, headers: { ...headers, ...Object.fromEntries(passed) } };
}
