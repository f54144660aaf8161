/**
 * A JSON Schema as Anthropic's structured outputs take it: objects say that they have no other members, and what the vendor's grammar
 * does not know is said in words. Rules: its page on structured outputs, whose official clients do the same.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';

/** Taken as they are. */
const PLAIN = new Set([
  'type',
  'enum',
  'const',
  'required',
  'pattern',
  'title',
  'description',
  'default',
  '$ref',
  '$schema',
  '$id',
]);
const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);
/** Their values are schemas by name. */
const NAMED = new Set(['properties', '$defs', 'definitions']);

export function grammarSchema(schema: JsonObject): JsonObject {
  const result: JsonObject = {};
  const words: string[] = [];
  for (const name in schema) {
    const value = schema[name];
    if (PLAIN.has(name) || isKnown(name, value)) result[name] = value;
    else if (NAMED.has(name) && isJsonObject(value)) {
      result[name] = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inside(inner)]));
    } else if ((name === 'anyOf' || name === 'allOf') && Array.isArray(value))
      result[name] = value.map(inside);
    // Of several exclusive forms one has to fit: that is the nearest that the grammar knows.
    else if (name === 'oneOf' && Array.isArray(value)) result['anyOf'] = value.map(inside);
    else if (name === 'items') result[name] = inside(value);
    else if (name !== 'additionalProperties' && name !== '__proto__') {
      words.push(`${name}: ${JSON.stringify(value)}`);
    }
  }
  if (isObjectSchema(schema)) result['additionalProperties'] = false;
  if (words.length > 0) {
    const description = typeof schema['description'] === 'string' ? `${schema['description']} ` : '';
    result['description'] = `${description}(${words.join(', ')})`;
  }
  return result;
}

function isKnown(name: string, value: unknown): boolean {
  if (name === 'format') return FORMATS.has(String(value));
  return name === 'minItems' && (value === 0 || value === 1);
}

function inside(schema: unknown): unknown {
  return isJsonObject(schema) ? grammarSchema(schema) : schema;
}

function isObjectSchema({ type, properties }: JsonObject): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || isJsonObject(properties);
}

export const UNIONS = ['anyOf', 'oneOf', 'allOf'] as const;

/**
 * What a tool takes, as one object: the vendor refuses a choice of forms at its top. The members of all forms are offered, and which go
 * together is said in words.
 */
export function inputSchema(parameters: JsonObject | null): JsonObject {
  const schema: JsonObject = { ...parameters, type: 'object' };
  const words: string[] = [];
  let properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  for (const name of UNIONS) {
    const forms = schema[name];
    if (!Array.isArray(forms)) continue;
    for (const form of forms) {
      if (isJsonObject(form) && isJsonObject(form['properties']))
        properties = { ...form['properties'], ...properties };
    }
    words.push(`${name}: ${JSON.stringify(forms)}`);
    delete schema[name];
  }
  schema['properties'] = properties;
  if (words.length > 0) {
    const own = typeof schema['description'] === 'string' ? `${schema['description']} ` : '';
    schema['description'] = `${own}(${words.join(', ')})`;
  }
  return schema;
}
