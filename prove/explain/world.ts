/** What random pairs are drawn from: a small catalogue in which every rule of a policy has somebody to leave out, and a gateway in memory. */
import type { Principal } from '../../src/auth/principal.ts';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import type { Model, Provider } from '../../src/catalogue/model.ts';
import { buildRouters } from '../../src/catalogue/routers.ts';
import { ManualClock } from '../../src/clock.ts';
import { routers as routersSchema, toRouters } from '../../src/config/routing.ts';
import { type CompleteServices, createComplete } from '../../src/inference/complete.ts';
import { createExplain } from '../../src/inference/explain.ts';
import { HoldQueue } from '../../src/limits/hold-queue.ts';
import { countedUsage } from '../../src/metering/estimate.ts';
import type { Ending } from '../../src/metering/recorder.ts';
import { FREE } from '../../src/pricing/cost.ts';
import type { ProviderAdapter } from '../../src/providers/adapter.ts';
import { endpointOf, modelOf, pricingOf, providerOf } from '../../src/routing/__fixtures__/endpoints.ts';
import { WHOLE } from '../../src/routing/__fixtures__/scripted.ts';
import { EndpointHealth } from '../../src/routing/health.ts';
import { StickyEndpoints } from '../../src/routing/sticky.ts';
import { Stopping } from '../../src/routing/stopping.ts';
import { Ways } from '../../src/routing/ways.ts';

export const NOW_MS = Date.parse('2026-11-20T12:00:00Z');

const provider = (slug: string, training: boolean, retainsPrompts: boolean): Provider =>
  providerOf({ slug, name: slug.toUpperCase(), training, retainsPrompts });
const CLEAN = provider('clean', false, false);
const BACKUP = provider('backup', false, false);
const KEEPER = provider('keeper', false, true);
const LEARNER = provider('learner', true, true);
export const PROVIDERS = ['clean', 'backup', 'keeper', 'learner'];

const PAID = pricingOf({ prompt: 1_000_000n, completion: 2_000_000n });
const DEARER = pricingOf({ prompt: 3_000_000n, completion: 6_000_000n });

function model(id: string, providers: readonly Provider[], more: Partial<Model> = {}): Model {
  const isFree = id.endsWith(':free');
  return modelOf({
    id,
    endpoints: providers.map((one, at) =>
      endpointOf({ provider: one, pricing: isFree ? pricingOf() : at === 0 ? PAID : DEARER }),
    ),
    ...more,
  });
}

const MODELS = [
  model('anthropic/claude-9', [CLEAN, KEEPER]),
  model('anthropic/claude-8', [KEEPER]),
  model('openai/gpt-9', [KEEPER, BACKUP]),
  model('google/gemini-9', [LEARNER, CLEAN]),
  model('x-ai/grok-9', [LEARNER]),
  model('acme/small', [CLEAN, BACKUP, KEEPER, LEARNER]),
  model('acme/small:free', [LEARNER, CLEAN]),
  model('acme/dated', [BACKUP], { canonicalSlug: 'acme/dated-2026-01-01' }),
  model('acme/learnt', [LEARNER, KEEPER]),
  model('acme/learnt:free', [LEARNER]),
];
export const MODEL_IDS = MODELS.map(({ id }) => id);
export const SLUGS = MODELS.map(({ canonicalSlug }) => canonicalSlug);
/** Other names of the same, and names that choose. */
export const WRITTEN = [
  ...MODEL_IDS,
  ...['acme/also-small', '~anthropic/claude-latest', 'acme/dated-2026-01-01', 'nobody/nothing'],
  ...['openrouter/auto', 'openrouter/free', 'openrouter/auto-beta'],
];

const CATALOGUE = new Catalogue({
  models: MODELS,
  providers: [CLEAN, BACKUP, KEEPER, LEARNER],
  aliases: new Map([['acme/also-small', 'acme/small']]),
  known: { variablesFor: async () => null } as never,
  routers: buildRouters(toRouters(routersSchema.parse(undefined)), MODELS),
});

/** Answers at once, whatever it is asked. */
const ANSWERS: ProviderAdapter = {
  format: 'echo',
  native: [],
  refusal: () => null,
  honoursReasoning: () => true,
  promptOverheadTokens: () => 0,
  requestBody: () => ({}),
  chat: (_, reader) => {
    queueMicrotask(() => {
      reader.onAnswered();
      reader.onWhole(WHOLE);
    });
    const nothing = () => {};
    return { pause: nothing, resume: nothing, cancel: nothing };
  },
};

/** The gateway's own steps over this catalogue, without a door, a database or a network. */
export function world() {
  const stopping = new Stopping();
  const services = {
    catalogue: () => CATALOGUE,
    config: {
      dataRegion: 'global',
      budgets: { freeWhenSpent: true, downgrade: [] },
      limits: {
        ...{ firstByteTimeoutMs: 60_000, answerTimeoutMs: 60_000, idleTimeoutMs: 60_000 },
        ...{ defaultMaxTokens: 4096, maxHoldNanoUsd: null },
      },
    },
    clock: new ManualClock(NOW_MS),
    wallets: { walletFor: async () => ({ scopes: [], account: { free: { take() {} } } }) },
    leases: null,
    adapters: { echo: ANSWERS },
    health: new EndpointHealth(),
    ways: new Ways(),
    ownKeysOf: () => null,
    sticky: new StickyEndpoints(),
    recorder: {
      opened: async () => {},
      progressed: () => {},
      settled: async (_: unknown, __: unknown, { reported, seen }: Ending) => ({
        usage: countedUsage(reported, seen).usage,
        cost: FREE,
      }),
    },
    runningStreams: { add: () => () => {} },
    stopping,
    holdQueue: new HoldQueue({ waitMs: 0, stopping }),
    admitKey: () => ({}) as Principal,
    availabilityDocsUrl: 'https://gateway.example/docs',
  } as unknown as CompleteServices;
  return { complete: createComplete(services), explain: createExplain(services) };
}
