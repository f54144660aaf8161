/**
 * Random pairs of a policy and a request: what `policy/explain` (and `routing/explain`, which is the same) says of one, and what then becomes
 * of it by the same steps that serve. They have to agree on whether it is served, by whom and with which model, or on its error.
 */
import { openAiChat } from '../../src/dialects/openai-chat/dialect.ts';
import { TurnpikeError } from '../../src/errors.ts';
import { newGuardrail } from '../../src/guardrails/find-guardrail.ts';
import type { Caller } from '../../src/inference/complete.ts';
import type { JsonObject } from '../../src/json.ts';
import { type BoundRow, foldPolicy } from '../../src/policy/fold.ts';
import type { LayerScope, Policy } from '../../src/policy/policy.ts';
import { Random } from '../random.ts';
import { PROVIDERS, SLUGS, WRITTEN, world } from './world.ts';

const FRAME = { headers: new Headers(), params: {}, query: new URLSearchParams() };
const PAIRS_A_POLICY = 10;

export interface Agreement {
  readonly pairs: number;
  /** How many came to each: `served`, or the error's code. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** The first pair on which the two disagree; null: none. */
  readonly disagreement: JsonObject | null;
}

export async function compared(pairs: number, seed: number): Promise<Agreement> {
  const random = new Random(seed);
  const { complete, explain } = world();
  const outcomes = new Map<string, number>();
  let policy: Policy | null = null;
  let account = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % PAIRS_A_POLICY === 0) {
      policy = randomPolicy(random);
      account += 1;
    }
    const allowedModels = random.chance(0.1) ? new Set(some(random, SLUGS)) : undefined;
    const principal = {
      ...{ accountId: `account-${account}`, keyHash: 'k', policy },
      ...(allowedModels === undefined ? {} : { allowedModels }),
    };
    const body = randomRequest(random);
    const attribution = { sessionId: typeof body['session_id'] === 'string' ? body['session_id'] : null };
    const caller = {
      ...{ dialect: openAiChat, principal, attribution, signal: null, wantsRouting: false },
      ...{ generationId: `gen-${pair}`, requestId: `req-${pair}`, urgency: () => 'interactive' },
    } as unknown as Caller;
    const facts = { seed, pair, body, layers: policy?.layers ?? null, models: [...(allowedModels ?? [])] };
    // Each gets a body of its own: parsing takes members away.
    const parsed = () => openAiChat.parse(structuredClone(body), 200, FRAME);
    const told = await explain(parsed(), openAiChat, caller);
    const became = await outcomeOf(() => complete(parsed(), caller));
    if (!agrees(told, became)) return { pairs: pair, outcomes, disagreement: { ...facts, told, became } };
    outcomes.set(became.code, (outcomes.get(became.code) ?? 0) + 1);
  }
  return { pairs, outcomes, disagreement: null };
}

interface Outcome extends JsonObject {
  /** `served`, or the error's code. */
  readonly code: string;
  readonly status: number;
  readonly message: string | null;
  readonly model: string | null;
  readonly provider: string | null;
}

async function outcomeOf(ask: () => Promise<unknown>): Promise<Outcome> {
  try {
    const { body } = (await ask()) as {
      readonly body: { readonly model: string; readonly provider: string };
    };
    return { code: 'served', status: 200, message: null, model: body.model, provider: body.provider };
  } catch (thrown) {
    if (!(thrown instanceof TurnpikeError)) throw thrown;
    const status = openAiChat.errorStatus?.(thrown) ?? thrown.status;
    return { code: thrown.code, status, message: thrown.message, model: null, provider: null };
  }
}

function agrees({ error, endpoints }: JsonObject, became: Outcome): boolean {
  if (error !== null) {
    const { status, error: said } = error as { status: number; error: { message: string } };
    return status === became.status && said.message === became.message;
  }
  const named = endpoints as readonly { model: string; provider_name: string; chance: number }[];
  return named.some(
    ({ model, provider_name: provider, chance }) =>
      model === became.model && provider === became.provider && chance > 0,
  );
}

function some<T>(random: Random, list: readonly T[]): T[] {
  const chosen = list.filter(() => random.chance(0.5));
  return chosen.length === 0 ? [random.pick(list)] : chosen;
}

const SCOPES: readonly LayerScope[] = ['account', 'workspace', 'member', 'key'];

function randomPolicy(random: Random): Policy | null {
  const bound: BoundRow[] = [];
  for (const via of SCOPES) {
    if (!random.chance(0.45)) continue;
    const list = (chance: number, of: readonly string[]) =>
      random.chance(chance) ? JSON.stringify(some(random, of)) : null;
    const answer = () => random.pick([null, null, 0, 1] as const);
    const row = newGuardrail({
      ...{ account_id: 'a', id: `${via}-rules`, workspace_id: 'w', name: via, created_at_ms: 0 },
      applies_to: via === 'account' || via === 'workspace' ? via : 'assigned',
    });
    bound.push({
      place: { accountId: 'a', workspaceId: 'w', creatorUserId: 'u', keyHash: 'k' },
      row: {
        ...{ ...row, via },
        allowed_models: list(0.3, SLUGS),
        ignored_models: list(0.2, SLUGS),
        allowed_providers: list(0.25, PROVIDERS),
        ignored_providers: list(0.2, PROVIDERS),
        allowed_data_regions: random.chance(0.08) ? random.pick(['["europe"]', '["global","us"]']) : null,
        enforce_zdr_anthropic: answer(),
        enforce_zdr_openai: answer(),
        enforce_zdr_google: answer(),
        enforce_zdr_xai: answer(),
        enforce_zdr_other: answer(),
        enable_paid_model_training: answer(),
        enable_free_model_training: answer(),
        enable_free_model_publication: answer(),
      },
    });
  }
  return foldPolicy(bound);
}

function randomRequest(random: Random): JsonObject {
  const written = () => {
    const id = random.pick(WRITTEN);
    const name = random.chance(0.2) ? id.toUpperCase() : id;
    return random.chance(0.2) ? name + random.pick([':nitro', ':floor', ':free', ':exacto']) : name;
  };
  return {
    messages: [{ role: 'user', content: `one ${random.whole(1, 9)}` }],
    ...(random.chance(0.95) ? { model: written() } : { models: [written()] }),
    ...(random.chance(0.3) ? { models: [written(), written()] } : {}),
    ...(random.chance(0.4) ? { provider: randomPreferences(random) } : {}),
    ...(random.chance(0.2) ? { session_id: `s${random.whole(1, 3)}` } : {}),
    ...(random.chance(0.1) ? { max_tokens: random.whole(1, 50) } : {}),
  };
}

function randomPreferences(random: Random): JsonObject {
  return {
    ...(random.chance(0.3) ? { only: some(random, PROVIDERS) } : {}),
    ...(random.chance(0.3) ? { ignore: some(random, PROVIDERS) } : {}),
    ...(random.chance(0.3) ? { order: some(random, PROVIDERS) } : {}),
    ...(random.chance(0.3) ? { zdr: random.chance(0.5) } : {}),
    ...(random.chance(0.2) ? { data_collection: random.pick(['allow', 'deny']) } : {}),
    ...(random.chance(0.2) ? { allow_fallbacks: random.chance(0.5) } : {}),
    ...(random.chance(0.2) ? { sort: random.pick(['price', 'throughput', 'latency']) } : {}),
    ...(random.chance(0.15) ? { max_price: { prompt: random.pick([0, 1, 2, 5]) } } : {}),
    ...(random.chance(0.1) ? { require_parameters: true } : {}),
  };
}
