/** Asks a provider whether it takes a key: a few tokens of a cheap model, which the provider bills to the key's owner. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Model } from '../catalogue/model.ts';
import type { ChatAnswer } from '../chat/answer.ts';
import type { Clock } from '../clock.ts';
import { parseChatRequest } from '../dialects/openai-chat/request.ts';
import { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { ChatCall, ProviderAdapter } from '../providers/adapter.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { WireFormat } from '../providers/wire-format.ts';
import { Call } from '../routing/call.ts';
import type { OwnCredential } from '../routing/credential.ts';
import { targetOf } from '../routing/target.ts';

/** What the provider said. Never rejects for what the provider did; 404 for a key that is gone. */
export type TestOwnKey = (accountId: string, id: string) => Promise<JsonObject>;

export interface TestServices {
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  readonly adapters: Readonly<Record<WireFormat, ProviderAdapter>>;
  /** Null: there is none. */
  readonly credentialOf: (accountId: string, id: string) => OwnCredential | null;
}

const TIMEOUT_MS = 30_000;
const MAX_TOKENS = 16;

export function createTestOwnKey(services: TestServices): TestOwnKey {
  const { catalogue, clock, adapters, credentialOf } = services;
  return async (accountId, id) => {
    const credential = credentialOf(accountId, id);
    if (credential === null) throw new TurnpikeError('not_found');
    const place = cheapest(catalogue().models, credential);
    if (place === null)
      return {
        ok: false,
        model: null,
        status: null,
        latency_ms: null,
        message: `This gateway has no model of the provider "${credential.provider}" that the key may be used for`,
      };
    const { model, endpoint } = place;
    const startedAtMs = clock.nowMs();
    const said = (rest: JsonObject) => ({
      model: model.id,
      latency_ms: clock.nowMs() - startedAtMs,
      ...rest,
    });
    try {
      const target = credential.apply(targetOf(endpoint), model);
      if (target === null)
        return said({ ok: false, status: null, message: 'The key has no deployment of this model' });
      const adapter = adapters[endpoint.provider.format];
      const maxTokens = Math.min(MAX_TOKENS, endpoint.maxCompletionTokens ?? MAX_TOKENS);
      await answerOf(adapter, callOf(model.id, target, maxTokens));
      return said({ ok: true, status: 200, message: `${endpoint.provider.name} took the key` });
    } catch (thrown) {
      if (!(thrown instanceof ProviderError)) throw thrown;
      // What it said of the key's owner is for the key's owner; adapters have taken every trace of the secret out of it.
      return said({
        ok: false,
        status: thrown.status,
        message: thrown.detail ?? thrown.raw ?? thrown.message,
      });
    }
  };
}

function cheapest(models: readonly Model[], { provider, models: allowed }: OwnCredential) {
  const places = models.flatMap((model) =>
    allowed === null || allowed.has(model.id.toLowerCase()) || allowed.has(model.canonicalSlug.toLowerCase())
      ? model.endpoints
          .filter(
            (endpoint) => endpoint.provider.slug === provider && model.outputModalities.includes('text'),
          )
          .map((endpoint) => ({ model, endpoint }))
      : [],
  );
  const price = ({ endpoint }: (typeof places)[number]) => endpoint.pricing.base.completion;
  return places.reduce<(typeof places)[number] | null>(
    (least, place) => (least === null || price(place) < price(least) ? place : least),
    null,
  );
}

function callOf(modelId: string, target: ChatCall['target'], maxTokens: number): ChatCall {
  const body = { model: modelId, messages: [{ role: 'user', content: 'Hi' }] };
  const { payload } = parseChatRequest(body, JSON.stringify(body).length);
  return {
    ...{ target, payload, maxTokens, dialect: 'openai-chat', withoutParameters: [], stream: false },
    timeouts: { firstByteMs: TIMEOUT_MS, idleMs: TIMEOUT_MS, answerMs: TIMEOUT_MS },
  };
}

async function answerOf(adapter: ProviderAdapter, call: ChatCall): Promise<void> {
  const running = new Call<ChatAnswer>(
    (reader) => adapter.chat(call, reader),
    () => undefined,
  );
  await running.outcome;
}
