/** What is taken out of the bodies that better-auth, or one of our own endpoints beside it, is asked with. */
import { invalidRequest } from '../errors.ts';
import type { JsonObject } from '../json.ts';

const NAME_MAX_LENGTH = 120;

/** Everything else is dropped. */
export function fieldsOf(body: JsonObject, fields: readonly string[]): JsonObject {
  const name = fields.includes('name') ? body['name'] : undefined;
  if (name !== undefined && !isName(name)) {
    throw invalidRequest(`name: must be 1 to ${NAME_MAX_LENGTH} characters on one line`);
  }
  return Object.fromEntries(Object.entries(body).filter(([name]) => fields.includes(name)));
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
  if (typeof value !== 'string' || value === '') throw invalidRequest(`${field}: is required`);
  return value;
}
