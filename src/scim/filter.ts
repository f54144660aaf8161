/** Filters of SCIM (RFC 7644, 3.4.2.2): read into a tree, and asked of a resource. No I/O. */
import { isJsonObject, type JsonObject } from '../json.ts';
import { scimError } from './scim-error.ts';

export type Filter =
  | { readonly kind: 'compare'; readonly path: string; readonly operator: string; readonly value: unknown }
  | { readonly kind: 'present'; readonly path: string }
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly of: Filter }
  /** `emails[type eq "work"]`: of one value at least. */
  | { readonly kind: 'within'; readonly path: string; readonly of: Filter };

const MAX_LENGTH = 2000;
const MAX_DEPTH = 20;
const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+))/y;
const OPERATORS = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);
/** Of those that are compared as written; all others whatever their case (RFC 7643, 2.2). */
const CASE_EXACT = new Set(['id', 'externalid', 'value']);

export function parseFilter(text: string): Filter {
  if (text.length > MAX_LENGTH) throw invalid('is too long');
  const tokens = tokensOf(text);
  let at = 0;
  let depth = 0;
  const peek = () => tokens[at]?.toLowerCase();
  const take = () => {
    const token = tokens[at];
    at += 1;
    if (token === undefined) throw invalid('ends too early');
    return token;
  };
  const expect = (token: string) => {
    if (take() !== token) throw invalid(`lacks a "${token}"`);
  };
  function either(): Filter {
    depth += 1;
    if (depth > MAX_DEPTH) throw invalid('is nested too deep');
    let left = both();
    while (peek() === 'or') {
      take();
      left = { kind: 'or', left, right: both() };
    }
    depth -= 1;
    return left;
  }
  function both(): Filter {
    let left = one();
    while (peek() === 'and') {
      take();
      left = { kind: 'and', left, right: one() };
    }
    return left;
  }
  function one(): Filter {
    if (peek() === 'not') {
      take();
      expect('(');
      const of = either();
      expect(')');
      return { kind: 'not', of };
    }
    if (peek() === '(') {
      take();
      const inner = either();
      expect(')');
      return inner;
    }
    const path = plainPath(take());
    if (peek() === '[') {
      take();
      const of = either();
      expect(']');
      return { kind: 'within', path, of };
    }
    const operator = take().toLowerCase();
    if (operator === 'pr') return { kind: 'present', path };
    if (!OPERATORS.has(operator)) throw invalid(`has no operator "${operator}"`);
    return { kind: 'compare', path, operator, value: readValue(take()) };
  }
  const filter = either();
  if (at < tokens.length) throw invalid('has something behind its end');
  return filter;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (match === null) throw invalid('cannot be read');
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return tokens;
}

/** Without the schema that some clients write before the name of a core attribute. */
export function plainPath(path: string): string {
  return path.replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i, '');
}

function readValue(token: string): unknown {
  if (token.startsWith('"')) {
    try {
      return JSON.parse(token);
    } catch {
      throw invalid('has a text that cannot be read');
    }
  }
  const word = token.toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'null') return null;
  const number = Number(token);
  if (Number.isNaN(number)) throw invalid(`compares with ${token.slice(0, 40)}, which is no value`);
  return number;
}

export function matches(filter: Filter, resource: JsonObject): boolean {
  switch (filter.kind) {
    case 'and':
      return matches(filter.left, resource) && matches(filter.right, resource);
    case 'or':
      return matches(filter.left, resource) || matches(filter.right, resource);
    case 'not':
      return !matches(filter.of, resource);
    case 'within':
      return valuesAt(resource, filter.path).some(
        (value) => isJsonObject(value) && matches(filter.of, value),
      );
    case 'present':
      return valuesAt(resource, filter.path).some((value) => value !== null && value !== '');
    case 'compare': {
      const values = valuesAt(resource, filter.path).map(plainValue);
      if (filter.operator === 'ne') return !values.some((value) => isSame(filter.path, value, filter.value));
      return values.some((value) => compares(filter, value));
    }
  }
}

/** Of a complex value its `value`, as in `emails co "x"`. */
const plainValue = (value: unknown): unknown => (isJsonObject(value) ? value['value'] : value);

function compares({ path, operator, value: wanted }: Filter & { kind: 'compare' }, value: unknown): boolean {
  if (operator === 'eq') return isSame(path, value, wanted);
  if (typeof value === 'number' && typeof wanted === 'number')
    return ordered(operator, value < wanted ? -1 : value > wanted ? 1 : 0);
  if (typeof value !== 'string' || typeof wanted !== 'string') return false;
  const [a, b] = [folded(path, value), folded(path, wanted)];
  if (operator === 'co') return a.includes(b);
  if (operator === 'sw') return a.startsWith(b);
  if (operator === 'ew') return a.endsWith(b);
  return ordered(operator, a < b ? -1 : a > b ? 1 : 0);
}

function ordered(operator: string, order: number): boolean {
  if (operator === 'gt') return order > 0;
  if (operator === 'ge') return order >= 0;
  if (operator === 'lt') return order < 0;
  return operator === 'le' && order <= 0;
}

function isSame(path: string, value: unknown, wanted: unknown): boolean {
  if (typeof value === 'string' && typeof wanted === 'string')
    return folded(path, value) === folded(path, wanted);
  // Some clients write truth values as texts.
  if (typeof value === 'boolean' && typeof wanted === 'string') return String(value) === wanted.toLowerCase();
  return value === wanted || (value === undefined && wanted === null);
}

function folded(path: string, text: string): string {
  const name = path.split('.').at(-1)?.toLowerCase() ?? '';
  return CASE_EXACT.has(name) && !path.toLowerCase().startsWith('emails') ? text : text.toLowerCase();
}

/** What stands there: of a list, each of its values. Names of attributes are found whatever their case. */
function valuesAt(resource: JsonObject, path: string): unknown[] {
  let values: unknown[] = [resource];
  for (const name of stepsOf(path)) {
    values = values.flatMap((value) => {
      if (!isJsonObject(value)) return [];
      const found = value[keyOf(value, name)];
      return Array.isArray(found) ? found : found === undefined ? [] : [found];
    });
  }
  return values;
}

/** `urn:…:User:department` is one attribute of an extension, whose name has dots in it. */
export function stepsOf(path: string): string[] {
  const extension = /^(urn:.+?:(?:User|Group))(?::(.+))?$/i.exec(path);
  if (extension === null) return path.startsWith('urn:') ? [path] : path.split('.');
  const [, schema = '', rest] = extension;
  return rest === undefined ? [schema] : [schema, ...rest.split('.')];
}

/** As the object spells it, or as it was asked for. */
export function keyOf(object: JsonObject, name: string): string {
  if (Object.hasOwn(object, name)) return name;
  const lower = name.toLowerCase();
  return Object.keys(object).find((key) => key.toLowerCase() === lower) ?? name;
}

function invalid(problem: string) {
  return scimError(400, `filter: ${problem}`, 'invalidFilter');
}
