/**
 * PATCH as identity providers really send it (RFC 7644, 3.5.2, and what Okta and Entra ID make of it): operations in any case, with
 * or without a path, with dotted names for attributes, and with members to remove in `value`. No I/O.
 */
import { isJsonObject, type JsonObject } from '../json.ts';
import { keyOf, matches, parseFilter, plainPath, stepsOf } from './filter.ts';
import { scimError } from './scim-error.ts';

const MAX_OPERATIONS = 1000;

interface Target {
  readonly steps: readonly string[];
  /** Of the values of a list, those that it matches. */
  readonly filter: string | null;
  /** Beyond the filter: `value` of `emails[type eq "work"].value`. */
  readonly inside: string | null;
}

/** Forbidden names would reach into what objects are made of. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** The resource with all operations done, in their order; the given one stays as it is. */
export function patched(resource: JsonObject, body: unknown): JsonObject {
  const operations = isJsonObject(body) ? body[keyOf(body, 'Operations')] : undefined;
  if (!Array.isArray(operations) || operations.length === 0)
    throw scimError(400, 'Operations: must be a list of operations', 'invalidSyntax');
  if (operations.length > MAX_OPERATIONS)
    throw scimError(400, `Operations: must be at most ${MAX_OPERATIONS}`, 'invalidSyntax');
  const copy = structuredClone(resource);
  for (const operation of operations) apply(copy, operation);
  return copy;
}

function apply(resource: JsonObject, operation: unknown): void {
  if (!isJsonObject(operation)) throw scimError(400, 'Operations: must be objects', 'invalidSyntax');
  const kind = String(operation['op'] ?? '').toLowerCase();
  if (kind !== 'add' && kind !== 'replace' && kind !== 'remove')
    throw scimError(400, 'op: must be add, replace or remove', 'invalidSyntax');
  const path = operation['path'];
  const value = operation['value'];
  if (path === undefined || path === null || path === '') return applyWithoutPath(resource, kind, value);
  if (typeof path !== 'string') throw scimError(400, 'path: must be a text', 'invalidPath');
  const target = targetOf(path);
  // A null stands for "no value" (RFC 7643, 2.5).
  if (kind === 'remove' || value === null) return remove(resource, target, value);
  if (value === undefined) throw scimError(400, 'value: is missing', 'invalidValue');
  set(resource, target, value, kind === 'add');
}

/** The members of `value` are attributes, whose names may be paths themselves. */
function applyWithoutPath(resource: JsonObject, kind: string, value: unknown): void {
  if (kind === 'remove') throw scimError(400, 'path: is missing', 'noTarget');
  if (!isJsonObject(value)) throw scimError(400, 'value: must be an object', 'invalidValue');
  for (const [name, member] of Object.entries(value)) {
    // Okta repeats the id; who a resource is never changes.
    if (['id', 'schemas', 'meta'].includes(name.toLowerCase())) continue;
    if (member === null) remove(resource, targetOf(name), undefined);
    else set(resource, targetOf(name), member, kind === 'add');
  }
}

function targetOf(text: string): Target {
  const path = plainPath(text.trim());
  const match = /^([^[\]]+?)(?:\[(.+)\](?:\.([^[\]]+))?)?$/.exec(path);
  if (match === null) throw scimError(400, `path: ${text.slice(0, 100)} cannot be read`, 'invalidPath');
  const [, name = '', filter = null, inside = null] = match;
  const steps = stepsOf(name);
  if ([...steps, inside ?? ''].some((step) => FORBIDDEN.has(step)) || steps.some((step) => step === ''))
    throw scimError(400, 'path: names no attribute', 'invalidPath');
  return { steps, filter, inside };
}

function set(resource: JsonObject, { steps, filter, inside }: Target, value: unknown, isAdd: boolean): void {
  const { holder, key } = holderOf(resource, steps, true);
  if (holder === null) return;
  if (filter !== null) return setMatching(holder, key, filter, inside, value);
  const before = holder[key];
  if (isAdd && Array.isArray(before)) holder[key] = union(before, Array.isArray(value) ? value : [value]);
  else if (isJsonObject(before) && isJsonObject(value)) holder[key] = { ...before, ...value };
  else holder[key] = value;
}

/** A value that no filter finds is made, with what the filter asks for: Entra ID fills in an address of work this way. */
function setMatching(
  holder: JsonObject,
  key: string,
  filterText: string,
  inside: string | null,
  value: unknown,
): void {
  const filter = parseFilter(filterText);
  const given = holder[key];
  const values: unknown[] = Array.isArray(given) ? given : given === undefined ? [] : [given];
  const found = values.filter((entry): entry is JsonObject => isJsonObject(entry) && matches(filter, entry));
  if (found.length === 0) {
    if (filter.kind !== 'compare' || filter.operator !== 'eq')
      throw scimError(400, `path: nothing matches ${filterText.slice(0, 100)}`, 'noTarget');
    const made: JsonObject = { [filter.path]: filter.value as string };
    holder[key] = [...values, made];
    found.push(made);
  } else holder[key] = values;
  for (const entry of found) {
    if (inside !== null) entry[keyOf(entry, inside)] = value as string;
    else if (isJsonObject(value)) Object.assign(entry, value);
    else throw scimError(400, 'value: must be an object', 'invalidValue');
  }
}

function remove(resource: JsonObject, { steps, filter, inside }: Target, value: unknown): void {
  const { holder, key } = holderOf(resource, steps, false);
  if (holder === null || holder[key] === undefined) return;
  const values = holder[key];
  if (filter === null) {
    // Entra ID names in `value` what is to go; without it everything goes (RFC 7644, 3.5.2.2).
    const named = valuesNamed(value);
    if (named !== null && Array.isArray(values))
      holder[key] = values.filter((entry) => !named.has(idOfEntry(entry)));
    else delete holder[key];
    return;
  }
  if (!Array.isArray(values)) return;
  const wanted = parseFilter(filter);
  const isMeant = (entry: unknown) => isJsonObject(entry) && matches(wanted, entry);
  if (inside === null) holder[key] = values.filter((entry) => !isMeant(entry));
  else for (const entry of values) if (isMeant(entry)) delete (entry as JsonObject)[inside];
}

function valuesNamed(value: unknown): ReadonlySet<unknown> | null {
  if (value === undefined || value === null) return null;
  return new Set((Array.isArray(value) ? value : [value]).map(idOfEntry));
}

const idOfEntry = (entry: unknown): unknown => (isJsonObject(entry) ? entry['value'] : entry);

/** By `value`, where they have one: what is there already is not there twice. */
function union(before: readonly unknown[], more: readonly unknown[]): unknown[] {
  const known = new Set(before.map(idOfEntry));
  const added: unknown[] = [];
  for (const entry of more) {
    const value = idOfEntry(entry);
    if (known.has(value)) continue;
    known.add(value);
    added.push(entry);
  }
  return [...before, ...added];
}

function holderOf(
  resource: JsonObject,
  steps: readonly string[],
  isMaking: boolean,
): { holder: JsonObject | null; key: string } {
  let holder: JsonObject = resource;
  for (const step of steps.slice(0, -1)) {
    const key = keyOf(holder, step);
    const next = holder[key];
    if (isJsonObject(next)) holder = next;
    else if (!isMaking) return { holder: null, key };
    else {
      const made: JsonObject = {};
      holder[key] = made;
      holder = made;
    }
  }
  return { holder, key: keyOf(holder, steps.at(-1) ?? '') };
}
