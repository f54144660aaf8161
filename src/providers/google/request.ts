/** A chat request as Google's `GenerateContentRequest`: as it came from callers who write one, and made from the prompt for others. */
import type { ChatPayload } from '../../chat/prompt.ts';
import { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { ChatCall, ProviderTarget } from '../adapter.ts';
import { bodyOfPrompt } from './prompt-body.ts';
import { settingsOfPrompt } from './settings.ts';
import { withSignedCalls } from './signed-calls.ts';
import { thinkingConfig } from './thinking.ts';

/** Null: Google can be told this. */
export function refusal(payload: ChatPayload, { upstreamModel }: ProviderTarget): TurnpikeError | null {
  if (payload.native.dialect === 'google-generate') return null;
  try {
    const prompt = payload.prompt();
    bodyOfPrompt(prompt, upstreamModel);
    settingsOfPrompt(prompt, []);
    return null;
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return thrown;
    throw thrown;
  }
}

/** Throws a TurnpikeError for what Google cannot be told. */
export function requestBody(call: ChatCall): JsonObject {
  const { payload, target, maxTokens, withoutParameters } = call;
  if (payload.native.dialect === 'google-generate')
    return nativeBody(payload.native.body, target.upstreamModel, maxTokens);
  const prompt = payload.prompt();
  const settings = settingsOfPrompt(prompt, withoutParameters);
  if (maxTokens !== null) settings['maxOutputTokens'] = maxTokens;
  const thinking = withoutParameters.includes('reasoning')
    ? null
    : thinkingConfig(payload.reasoning, target.upstreamModel, maxTokens);
  if (thinking !== null) settings['thinkingConfig'] = thinking;
  const body = bodyOfPrompt(prompt, target.upstreamModel);
  const tier = prompt.parameters['service_tier'];
  if (tier === 'flex' || tier === 'priority') body['serviceTier'] = tier;
  return Object.keys(settings).length === 0 ? body : { ...body, generationConfig: settings };
}

/**
 * The caller's own, with the output cap in the place of theirs, and calls signed that another model made. Parameters that the catalogue does not know of the model stay too:
 * who writes Google's words gets Google's answer to them.
 */
function nativeBody(said: JsonObject, upstreamModel: string, maxTokens: number | null): JsonObject {
  const body = signedBody(said, upstreamModel);
  const own = isJsonObject(body['generationConfig']) ? body['generationConfig'] : {};
  const settings: JsonObject = { ...own };
  if (maxTokens !== null) settings['maxOutputTokens'] = maxTokens;
  else delete settings['maxOutputTokens'];
  const isEmpty = Object.keys(settings).length === 0;
  if (isEmpty && body['generationConfig'] === undefined) return body;
  return { ...body, generationConfig: settings };
}

function signedBody(body: JsonObject, upstreamModel: string): JsonObject {
  const { contents } = body;
  if (!Array.isArray(contents)) return body;
  const own = withSignedCalls(contents, upstreamModel);
  return own === contents ? body : { ...body, contents: own };
}

export interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Addresses {
  readonly stream: Address;
  readonly whole: Address;
  readonly embeddings: Address;
}

const addresses = new WeakMap<ProviderTarget, Addresses>();

export function addressOf(target: ProviderTarget, stream: boolean): Address {
  const { stream: streamed, whole } = addressesOf(target);
  return stream ? streamed : whole;
}

export function embeddingsAddressOf(target: ProviderTarget): Address {
  return addressesOf(target).embeddings;
}

/** Tuned models, and names copied from Google's list, bring the name of their collection. */
export function pathOf({ upstreamModel }: ProviderTarget): string {
  return upstreamModel.includes('/') ? upstreamModel : `models/${upstreamModel}`;
}

function addressesOf(target: ProviderTarget): Addresses {
  let known = addresses.get(target);
  if (known === undefined) {
    const { baseUrl } = target;
    const path = pathOf(target);
    const headers = headersOf(target);
    known = {
      stream: { url: `${baseUrl}/${path}:streamGenerateContent?alt=sse`, headers },
      whole: { url: `${baseUrl}/${path}:generateContent`, headers },
      embeddings: { url: `${baseUrl}/${path}:batchEmbedContents`, headers },
    };
    addresses.set(target, known);
  }
  return known;
}

function headersOf({ apiKey, bearer }: ProviderTarget): Readonly<Record<string, string>> {
  return Object.freeze({
    'content-type': 'application/json',
    accept: '*/*',
    // Compressed answers would be inflated here only to be read and sent on.
    'accept-encoding': 'identity',
    'user-agent': 'turnpike',
    ...(apiKey === null
      ? {}
      : bearer === undefined
        ? { 'x-goog-api-key': apiKey }
        : { authorization: `Bearer ${apiKey}` }),
  });
}
