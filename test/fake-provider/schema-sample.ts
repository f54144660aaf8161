// The smallest plausible value of a JSON schema: what a fake tool call or a structured answer contains.
import { asArray, asNumber, asObject, asString, type JsonObject } from './json.ts';

const MAX_DEPTH = 32;

function resolve(schema: JsonObject, root: JsonObject): JsonObject {
  const reference = asString(schema.$ref);
  if (reference === undefined || !reference.startsWith('#')) return schema;
  let target: unknown = root;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    target = asObject(target)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return asObject(target);
}

function sampleString(schema: JsonObject, name: string): string {
  switch (schema.format) {
    case 'date-time':
      return '2026-01-02T03:04:05Z';
    case 'date':
      return '2026-01-02';
    case 'email':
      return 'someone@example.com';
    case 'uri':
      return 'https://example.com/';
    case 'uuid':
      return '00000000-0000-4000-8000-000000000000';
  }
  const text = `sample ${name}`.padEnd(asNumber(schema.minLength) ?? 0, '.');
  return text.slice(0, asNumber(schema.maxLength) ?? text.length);
}

function sampleNumber(schema: JsonObject): number {
  const step = asNumber(schema.multipleOf) ?? 1;
  const above = asNumber(schema.exclusiveMinimum);
  const least = above === undefined ? (asNumber(schema.minimum) ?? step) : above + step;
  const below = asNumber(schema.exclusiveMaximum);
  const most = below === undefined ? asNumber(schema.maximum) : below - step;
  const value = Math.ceil(least / step) * step;
  return most !== undefined && value > most ? Math.floor(most / step) * step : value;
}

function sampleObject(schema: JsonObject, root: JsonObject, depth: number): JsonObject {
  const properties = asObject(schema.properties);
  const value: JsonObject = {};
  for (const key of asArray(schema.required)) {
    if (typeof key === 'string') value[key] = sample(asObject(properties[key]), root, key, depth + 1);
  }
  return value;
}

function sample(unresolved: JsonObject, root: JsonObject, name: string, depth: number): unknown {
  const schema = resolve(unresolved, root);
  if (depth > MAX_DEPTH) return null;
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return asArray(schema.enum)[0];
  const branch = [...asArray(schema.anyOf), ...asArray(schema.oneOf)][0];
  if (branch !== undefined) return sample(asObject(branch), root, name, depth + 1);
  const all = asArray(schema.allOf);
  if (all.length > 0) {
    const parts = all.map((part) => sample(asObject(part), root, name, depth + 1));
    return Object.assign({}, ...parts.map(asObject), sampleObject(schema, root, depth));
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      return sampleString(schema, name);
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: Math.min(1000, asNumber(schema.minItems) ?? 1) }, () =>
        sample(asObject(schema.items), root, name, depth + 1),
      );
    case 'object':
      return sampleObject(schema, root, depth);
    default:
      return 'properties' in schema ? sampleObject(schema, root, depth) : `sample ${name}`;
  }
}

/** A value with the required keys only. `pattern` is not looked at. */
export function sampleOf(schema: JsonObject): unknown {
  return sample(schema, schema, 'value', 0);
}
