/** Members that requests of several dialects have alike, checked by hand because this runs for every request. Each throws a 400. */
import { invalidRequest } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';

export function parseModelIds(body: JsonObject): readonly string[] {
  const model = body['model'] ?? null;
  const models = body['models'] ?? [];
  if (model !== null && (typeof model !== 'string' || model === '')) {
    throw invalidRequest('model must be the id of a model, such as "openai/gpt-4o"');
  }
  if (!Array.isArray(models) || !models.every((id) => typeof id === 'string' && id !== '')) {
    throw invalidRequest('models must be a list of model ids');
  }
  const ids = new Set<string>(model === null ? models : [model, ...models]);
  if (ids.size === 0) throw invalidRequest('model is missing: name one, such as "openai/gpt-4o"');
  if (ids.size > 32) throw invalidRequest('models must name at most 32 models');
  return [...ids];
}

export function checkMetadata(metadata: unknown): void {
  if (metadata === undefined || metadata === null) return;
  if (!isJsonObject(metadata)) throw invalidRequest('metadata must be an object');
  const pairs = Object.entries(metadata);
  if (pairs.length > 16) throw invalidRequest('metadata must have at most 16 pairs');
  for (const [key, value] of pairs) {
    if (key.length > 64 || typeof value !== 'string' || value.length > 512) {
      throw invalidRequest('metadata must map names of at most 64 characters to texts of at most 512');
    }
  }
}

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
type Effort = (typeof EFFORTS)[number];

export function parseEffort(value: unknown): Effort | null {
  if (value === undefined || value === null) return null;
  const effort = EFFORTS.find((known) => known === value);
  if (effort === undefined) throw invalidRequest(`reasoning.effort must be one of ${EFFORTS.join(', ')}`);
  return effort;
}

export function parseReasoningTokens(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw invalidRequest('reasoning.max_tokens must be an integer of at least 0');
  return value;
}

export function optionalNumber(body: JsonObject, name: string, least: number, most: number): number | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw invalidRequest(`${name} must be a number from ${least} to ${most}`);
  }
  return value;
}

export function optionalInteger(
  body: JsonObject,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    const range =
      most === Number.MAX_SAFE_INTEGER
        ? `an integer of at least ${least}`
        : `an integer from ${least} to ${most}`;
    throw invalidRequest(`${name} must be ${range}`);
  }
  return value;
}

export function optionalBoolean(body: JsonObject, name: string): boolean | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'boolean') throw invalidRequest(`${name} must be true or false`);
  return value;
}

export function boundedText(body: JsonObject, name: string, maxCharacters: number): string | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > maxCharacters) {
    throw invalidRequest(`${name} must be text of at most ${maxCharacters} characters`);
  }
  return value;
}

export function echoesUpstreamBody(body: JsonObject): boolean {
  return isJsonObject(body['debug']) && body['debug']['echo_upstream_body'] === true;
}
