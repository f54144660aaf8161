/** What a request says to a router, under `plugins` (OpenRouter's plugins `auto-router`, `auto-beta-router` and `pareto-router`). */
import { invalidRequest } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';

export const COST_TIERS = ['low', 'medium', 'high', 'xhigh', 'max'] as const;
export type CostTier = (typeof COST_TIERS)[number];

export interface RouterSettings {
  readonly pluginId: string;
  /** Empty: all. */
  readonly allowedModels: readonly string[];
  readonly excludedModels: readonly string[];
  readonly costTier: CostTier | null;
  /** 0 to 10, the cheaper the higher. */
  readonly costQualityTradeoff: number | null;
  /** The model that answered last in the conversation answers again. */
  readonly pinModel: boolean;
  /** 0 to 1. */
  readonly minCodingScore: number | null;
  /** USD a million tokens of a prompt. */
  readonly maxPriceUsd: number | null;
}

export const ROUTER_PLUGINS: ReadonlySet<unknown> = new Set([
  'auto-router',
  'auto-beta-router',
  'pareto-router',
]);

const MOST_PATTERNS = 1024;
const MOST_PATTERN_CHARACTERS = 1024;
const MOST_CHARACTERS = 65_536;

/** Those of a request, by the plugins that it names; null: none is meant for a router. Throws a 400 that names the member. */
export function parseRouterSettings(plugins: unknown): readonly RouterSettings[] | null {
  if (!Array.isArray(plugins)) return null;
  const meant = plugins.filter((plugin) => isJsonObject(plugin) && ROUTER_PLUGINS.has(plugin['id']));
  if (meant.length === 0) return null;
  return meant.flatMap((plugin: JsonObject) => {
    const settings = settingsOf(plugin);
    return (plugin['enabled'] ?? true) === false ? [] : [settings];
  });
}

function settingsOf(plugin: JsonObject): RouterSettings {
  const pluginId = String(plugin['id']);
  const { enabled = null, cost_tier: tier = null, pin_model: pin = null } = plugin;
  if (enabled !== null && typeof enabled !== 'boolean') throw wrong(pluginId, 'enabled', 'true or false');
  if (pin !== null && typeof pin !== 'boolean') throw wrong(pluginId, 'pin_model', 'true or false');
  const costTier = COST_TIERS.find((known) => known === tier) ?? null;
  if (tier !== null && costTier === null)
    throw wrong(pluginId, 'cost_tier', `one of ${COST_TIERS.join(', ')}`);
  const allowedModels = patternsOf(plugin, 'allowed_models');
  const excludedModels = patternsOf(plugin, 'excluded_models');
  return {
    pluginId,
    allowedModels,
    excludedModels,
    costTier,
    costQualityTradeoff: numberOf(plugin, 'cost_quality_tradeoff', 10),
    pinModel: pin === true,
    minCodingScore: numberOf(plugin, 'min_coding_score', 1),
    maxPriceUsd: numberOf(plugin, 'max_price', Number.MAX_SAFE_INTEGER),
  };
}

function patternsOf(plugin: JsonObject, name: string): readonly string[] {
  const list = plugin[name] ?? [];
  const isList = Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== '');
  if (!isList) throw wrong(plugin['id'], name, 'a list of model patterns');
  const characters = list.reduce((sum, pattern) => sum + pattern.length, 0);
  const isLong = list.some((pattern) => pattern.length > MOST_PATTERN_CHARACTERS);
  if (list.length > MOST_PATTERNS || isLong || characters > MOST_CHARACTERS) {
    const bounds = `at most ${MOST_PATTERNS} patterns of ${MOST_PATTERN_CHARACTERS} characters, ${MOST_CHARACTERS} together`;
    throw wrong(plugin['id'], name, bounds);
  }
  return list;
}

function numberOf(plugin: JsonObject, name: string, most: number): number | null {
  const value = plugin[name] ?? null;
  if (value === null) return null;
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw wrong(
    plugin['id'],
    name,
    most === Number.MAX_SAFE_INTEGER ? 'a price in USD' : `a number from 0 to ${most}`,
  );
}

function wrong(id: unknown, name: string, what: string) {
  return invalidRequest(`plugins[${id}].${name} must be ${what}`);
}
