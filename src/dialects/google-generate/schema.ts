/**
 * The schema of Google's `Schema` message as JSON Schema, which everybody else reads: types in upper case become lower, `nullable` a
 * type of its own, and counts that ProtoJSON writes as texts become numbers.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';

const COUNTS = ['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'];
/** What other vendors have no use for, and some refuse. */
const LEFT_OUT = new Set(['nullable', 'propertyOrdering', 'format', 'example']);
/** Formats that JSON Schema knows; Google's `enum`, `int32`, `float` and the like are none. */
const FORMATS = new Set(['date-time', 'date', 'time', 'duration', 'email', 'uri', 'uuid']);

export function jsonSchemaOf(schema: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const name in schema) {
    const spelt = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (!LEFT_OUT.has(spelt)) result[spelt] = memberOf(spelt, schema[name]);
  }
  const format = schema['format'];
  if (typeof format === 'string' && FORMATS.has(format)) result['format'] = format;
  if (schema['nullable'] === true) makeNullable(result);
  return result;
}

function memberOf(name: string, value: unknown): unknown {
  switch (name) {
    case 'type':
      return Array.isArray(value) ? value.map(typeOf) : typeOf(value);
    case 'properties':
    case 'defs':
    case '$defs':
      return isJsonObject(value) ? mapped(value) : value;
    case 'items':
    case 'additionalProperties':
    case 'not':
      return isJsonObject(value) ? jsonSchemaOf(value) : value;
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
    case 'prefixItems':
      return Array.isArray(value)
        ? value.map((item) => (isJsonObject(item) ? jsonSchemaOf(item) : item))
        : value;
    default:
      return COUNTS.includes(name) && typeof value === 'string' && /^\d+$/.test(value)
        ? Number(value)
        : value;
  }
}

/** The names of properties are the caller's: nothing is respelt there. */
function mapped(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      isJsonObject(value) ? jsonSchemaOf(value) : value,
    ]),
  );
}

function typeOf(type: unknown): unknown {
  return typeof type === 'string' ? type.toLowerCase() : type;
}

function makeNullable(schema: JsonObject): void {
  const { type } = schema;
  if (typeof type === 'string') schema['type'] = [type, 'null'];
  if (Array.isArray(schema['enum'])) schema['enum'] = [...schema['enum'], null];
  else if (Array.isArray(schema['anyOf'])) schema['anyOf'] = [...schema['anyOf'], { type: 'null' }];
}
