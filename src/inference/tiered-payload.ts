/**
 * A request as an endpoint of a service tier is to get it: in its vendor's words; and as one of the usual tier is, without words for
 * another, so that nothing is served at a price that nobody knows.
 */
import type { Endpoint } from '../catalogue/model.ts';
import type { ServiceTier } from '../catalogue/service-tiers.ts';
import type { ChatPayload, ChatPrompt } from '../chat/prompt.ts';
import type { JsonObject } from '../json.ts';
import type { TierWish } from '../routing/tiers.ts';

/** Without it Anthropic takes no `speed` (its page on fast mode). */
const FAST_BETA = 'fast-mode-2026-02-01';

const derived = new WeakMap<ChatPayload, Map<string, ChatPayload>>();

/** The same payload where nothing is to be changed, as in nearly every request. */
export function tieredPayload(payload: ChatPayload, wish: TierWish | null, endpoint: Endpoint): ChatPayload {
  const { serviceTier: tier = null } = endpoint;
  const { dialect, body } = payload.native;
  if (tier === null && wish === null) return payload;
  // Anthropic has another word for the usual tier, which is the same as none.
  const isPlain = dialect !== 'anthropic-messages' && body['speed'] !== 'fast';
  if (tier === null && wish === 'default' && isPlain) return payload;
  const isFast = tier !== null && endpoint.provider.format === 'anthropic';
  const key = `${tier} ${isFast}`;
  let known = derived.get(payload);
  if (known === undefined) {
    known = new Map();
    derived.set(payload, known);
  }
  let made = known.get(key);
  if (made === undefined) {
    made = atTier(payload, tier, isFast);
    known.set(key, made);
  }
  return made;
}

function atTier(payload: ChatPayload, tier: ServiceTier | null, isFast: boolean): ChatPayload {
  const { native } = payload;
  let prompt: ChatPrompt | undefined;
  return {
    ...payload,
    native: {
      ...native,
      body: nativeBody(payload, tier, isFast),
      ...(isFast ? { headers: withFastBeta(native.headers) } : {}),
    },
    prompt: () => {
      prompt ??= promptAt(payload.prompt(), tier);
      return prompt;
    },
  };
}

function nativeBody({ native }: ChatPayload, tier: ServiceTier | null, isFast: boolean): JsonObject {
  const { service_tier: _, serviceTier: __, speed, ...body } = native.body;
  // Any other speed is the vendor's business.
  if (speed !== undefined && speed !== 'fast' && !isFast) body['speed'] = speed;
  if (tier === null) return body;
  if (isFast) body['speed'] = 'fast';
  else body[native.dialect === 'google-generate' ? 'serviceTier' : 'service_tier'] = tier;
  return body;
}

function promptAt(prompt: ChatPrompt, tier: ServiceTier | null): ChatPrompt {
  const { service_tier: _, speed, ...parameters } = prompt.parameters;
  if (speed !== undefined && speed !== 'fast') parameters['speed'] = speed;
  if (tier !== null) parameters['service_tier'] = tier;
  return { ...prompt, parameters };
}

function withFastBeta(headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const given = headers['anthropic-beta'];
  if (given?.includes(FAST_BETA) === true) return headers;
  return { ...headers, 'anthropic-beta': given === undefined ? FAST_BETA : `${given},${FAST_BETA}` };
}
