/** What is taken out of the bodies that better-auth, or one of our own endpoints beside it, is asked with. */
import { invalidField } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { passkeyAnswer } from './passkey-fields.ts';

const NAME_MAX_LENGTH = 120;

/** More than any address, password, code or token that there is. */
const TEXT_MAX_LENGTH = 4096;

/** What a field must be where it is no text. */
const OTHER_TYPES: Readonly<Record<string, (value: unknown) => unknown>> = {
  rememberMe: (value) =>
    typeof value === 'boolean' ? value : refused('rememberMe', 'must be true or false'),
  response: (value) => passkeyAnswer(value) ?? refused('response', "must be a passkey's answer"),
  name: (value) =>
    isName(value) ? value : refused('name', `must be 1 to ${NAME_MAX_LENGTH} characters on one line`),
};

/** Those that are given, each of its type, or a 400 that names it; everything else is dropped. */
export function fieldsOf(body: JsonObject, fields: readonly string[]): JsonObject {
  const given = fields.filter((field) => Object.hasOwn(body, field));
  return Object.fromEntries(given.map((field) => [field, (OTHER_TYPES[field] ?? text(field))(body[field])]));
}

const text =
  (field: string) =>
  (value: unknown): string => {
    if (typeof value !== 'string') return refused(field, 'must be a string');
    if (value.length > TEXT_MAX_LENGTH)
      return refused(field, `must have at most ${TEXT_MAX_LENGTH} characters`);
    return value;
  };

function refused(field: string, problem: string): never {
  throw invalidField(field, problem);
}

function isName(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.length <= NAME_MAX_LENGTH &&
    !/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(value)
  );
}

export function textOf(body: JsonObject, field: string): string {
  const value = body[field];
  if (value === undefined || value === '') return refused(field, 'is required');
  return text(field)(value);
}
