import { expect, test } from 'bun:test';
import type { Model } from '../catalogue/model.ts';
import { buildDowngrades, buildRouters, type Router } from '../catalogue/routers.ts';
import { ConfigError } from '../config/config-error.ts';
import { budgets, routers, toBudgets, toRouters } from '../config/routing.ts';
import type { JsonObject } from '../json.ts';
import { endpointOf, modelOf, pricingOf } from './__fixtures__/endpoints.ts';
import { type ChoiceRequest, choose, type Needs } from './choose.ts';
import { parseRouterSettings } from './router-settings.ts';

/** Five models, each a microdollar a token dearer than the one before, and newer. */
const MODELS = ['x/a', 'x/b', 'y/c', 'y/d', 'z/e'].map((id, at) =>
  modelOf({
    id,
    created: at + 1,
    contextLength: 1000 * (at + 1),
    inputModalities: at === 4 ? ['text', 'image'] : ['text'],
    endpoints: [
      endpointOf({
        pricing: pricingOf({ prompt: BigInt(at + 1) * 1_000_000n }),
        contextLength: 1000 * (at + 1),
        maxCompletionTokens: at === 0 ? 100 : null,
        supportedParameters: at === 1 ? ['temperature'] : ['temperature', 'tools'],
      }),
    ],
  }),
);
const FREE = ['x/gift:free', 'y/present:free'].map((id) => modelOf({ id }));
const NO_NEEDS: Needs = { parameters: [], mediaKinds: [], promptTokens: 0, maxTokens: null };

function routersOf(config: JsonObject, models: readonly Model[] = [...MODELS, ...FREE]): readonly Router[] {
  return buildRouters(toRouters(routers.parse(config)), models);
}

function routerOf(config: JsonObject, slug = 'openrouter/auto'): Router {
  const router = routersOf(config).find((one) => one.slug === slug);
  if (router === undefined) throw new Error(`${slug} is not offered`);
  return router;
}

function chosen(router: Router, more: Partial<Omit<ChoiceRequest, 'router'>> = {}) {
  const choice = choose({
    router,
    settings: null,
    needs: NO_NEEDS,
    mayServe: () => true,
    lastModelId: null,
    ...more,
  });
  return { ...choice, ids: choice.models.map(({ id }) => id).join(' ') };
}

const settingsOf = (plugin: JsonObject) =>
  parseRouterSettings([{ id: 'auto-router', ...plugin }])?.[0] ?? null;

test('without settings of the operator the newest of the cheapest fifth is chosen, and no free variant', () => {
  const auto = routerOf({});
  expect(chosen(auto).ids).toBe('x/a');
  expect(chosen(auto, { settings: settingsOf({ cost_tier: 'max' }) }).ids).toBe('z/e');
  expect(chosen(auto, { settings: settingsOf({ cost_tier: 'medium' }) }).ids).toBe('x/b');
  expect(chosen(auto, { settings: settingsOf({ cost_quality_tradeoff: 0 }) }).ids).toBe('z/e y/d y/c');
  expect(chosen(auto, { settings: settingsOf({ cost_quality_tradeoff: 9 }) }).ids).toBe('x/a');
});

test('the operator’s own list is kept to, in its order, with as many to take over as told', () => {
  expect(chosen(routerOf({ auto: { models: ['y/d', 'x/*', 'z/*'] } })).ids).toBe('y/d x/a x/b');
  expect(chosen(routerOf({ auto: { models: ['Y/D', 'x/*'], fallbacks: 0 } })).ids).toBe('y/d');
  expect(chosen(routerOf({ auto: { models: ['*'], excluded_models: ['x/*', '*:free'] } })).ids).toBe(
    'y/c y/d z/e',
  );
});

test('a model that cannot do what is asked for is passed over', () => {
  const auto = routerOf({ auto: { models: ['x/a', 'x/b', 'y/c', 'z/e'] } });
  const withNeeds = (needs: Partial<Needs>) => chosen(auto, { needs: { ...NO_NEEDS, ...needs } }).ids;
  expect(withNeeds({ parameters: ['tools'] })).toBe('x/a y/c z/e');
  expect(withNeeds({ promptTokens: 2500 })).toBe('y/c z/e');
  expect(withNeeds({ promptTokens: 2500, maxTokens: 1000 })).toBe('z/e');
  expect(withNeeds({ maxTokens: 200 })).toBe('x/b y/c z/e');
  expect(withNeeds({ mediaKinds: ['image'] })).toBe('z/e');
  expect(withNeeds({ mediaKinds: ['audio'] })).toBe('');
  expect(chosen(auto, { mayServe: ({ id }) => id === 'y/c' }).ids).toBe('y/c');
});

test('the first rule that holds decides, and says which', () => {
  const auto = routerOf({
    auto: {
      models: ['x/a'],
      rules: [
        { when: { tools: true, min_prompt_tokens: 500 }, models: ['z/e'] },
        { when: { tools: true }, models: ['y/*'] },
        { when: { reasoning: false, tools: false }, models: ['x/b'] },
      ],
    },
  });
  const of = (needs: Partial<Needs>) => {
    const { ids, rule } = chosen(auto, { needs: { ...NO_NEEDS, ...needs } });
    return [ids, rule];
  };
  expect(of({ parameters: ['tools'], promptTokens: 500 })).toEqual(['z/e', 0]);
  expect(of({ parameters: ['tools'], promptTokens: 499 })).toEqual(['y/c y/d y/present:free', 1]);
  expect(of({})).toEqual(['x/b', 2]);
  expect(of({ parameters: ['reasoning'] })).toEqual(['x/a', null]);
});

test('the model of the turn before is kept while it is among the best, and a pinned one as long as it can serve', () => {
  const auto = routerOf({ auto: { models: ['x/a', 'x/b', 'y/c', 'y/d'] } });
  expect(chosen(auto, { lastModelId: 'x/b' })).toMatchObject({ ids: 'x/b x/a y/c', keptModel: true });
  expect(chosen(auto, { lastModelId: 'y/d' })).toMatchObject({ ids: 'x/a x/b y/c', keptModel: false });
  const pin = settingsOf({ pin_model: true });
  expect(chosen(auto, { lastModelId: 'y/d', settings: pin }).ids).toBe('y/d x/a x/b');
  expect(chosen(auto, { lastModelId: 'z/e', settings: pin }).keptModel).toBe(false);
});

test('the free router has what costs nothing, and a model that costs something cannot be listed', () => {
  expect(chosen(routerOf({}, 'openrouter/free')).ids).toBe('x/gift:free y/present:free');
  expect(() => routersOf({ free: { models: ['x/a'] } })).toThrow('x/a costs something');
  expect(routersOf({ free: { enabled: false }, auto: { enabled: false } })).toEqual([]);
});

test('the router for code goes by its tiers, or by a bound of price', () => {
  const code = routerOf(
    { pareto_code: { high: ['z/e', 'y/d'], medium: ['y/c'], low: ['x/*'] } },
    'openrouter/pareto-code',
  );
  const of = (plugin: JsonObject) => {
    const settings = parseRouterSettings([{ id: 'pareto-router', ...plugin }])?.[0] ?? null;
    return chosen(code, { settings }).ids;
  };
  expect(of({})).toBe('y/d z/e');
  expect(of({ min_coding_score: 0.33 })).toBe('y/c');
  expect(of({ min_coding_score: 0.1 })).toBe('x/gift:free x/a x/b');
  expect(of({ max_price: 4 })).toBe('x/gift:free x/a x/b');
});

test('settings that name no model are told with their place', () => {
  const faults = (config: JsonObject) => {
    try {
      routersOf(config);
      return [];
    } catch (thrown) {
      return thrown instanceof ConfigError ? thrown.problems : [String(thrown)];
    }
  };
  expect(faults({ auto: { models: ['x/a', 'x/none'] } })).toEqual([
    "routers.auto.models[1]: no chat model 'x/none' can be called; see GET /api/v1/models",
  ]);
  expect(faults({ auto: { rules: [{ when: { tools: true }, models: ['none/*'] }] } })).toEqual([
    'routers.auto.rules[0].models: names no chat model that can be called',
  ]);
  expect(faults({ auto: { models: ['x/*', 'none/*'] } })).toEqual([]);
});

test('a chain of models that take over ends where one costs nothing, and never goes round', () => {
  const of = (...downgrade: JsonObject[]) =>
    buildDowngrades(toBudgets(budgets.parse({ on_exhaust: 'downgrade', downgrade })), [...MODELS, ...FREE]);
  const chain = of({ from: 'y/*', to: 'x/a' }, { to: 'x/gift:free' });
  const [a, b, c] = MODELS;
  expect(chain.get(c!)?.id).toBe('x/a');
  expect(chain.get(a!)?.id).toBe('x/gift:free');
  expect(chain.get(b!)?.id).toBe('x/gift:free');
  expect(chain.get(FREE[0]!)).toBeUndefined();
  expect(() => of({ from: 'x/a', to: 'x/b' }, { from: 'x/b', to: 'x/a' })).toThrow('x/a → x/b → x/a');
  expect(() => of({ from: 'x/a', to: 'x/a' })).toThrow('cannot take over from itself');
  expect(() => of({ to: 'x/none' })).toThrow("no model 'x/none' can be called");
  expect(() => of({ to: 'x/*' })).toThrow();
});
