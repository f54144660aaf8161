/** People and groups as SCIM has them (RFC 7643): our rows as JSON, and what a body says. No I/O. */
import { isoFromMs } from '../clock.ts';
import { isJsonObject, isStorable, type JsonObject } from '../json.ts';
import { keyOf } from './filter.ts';
import { scimError } from './scim-error.ts';
import type { GroupRow, MemberOfGroup, UserRow } from './store.ts';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const MAX_TEXT = 1000;
const MAX_ATTRIBUTES_BYTES = 64 * 1024;
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,255}$/;
/** What we say ourselves, or never keep. */
const NOT_KEPT = new Set(['id', 'schemas', 'meta', 'groups', 'password', 'username', 'externalid', 'active']);

export interface UserFields {
  readonly userName: string;
  readonly externalId: string | null;
  readonly email: string;
  readonly isActive: boolean;
  readonly attributes: JsonObject;
}

export function userJson(
  row: UserRow,
  groups: readonly Pick<GroupRow, 'id' | 'display_name'>[],
  baseUrl: string,
): JsonObject {
  return {
    schemas: [USER_SCHEMA],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    userName: row.user_name,
    ...(JSON.parse(row.attributes) as JsonObject),
    active: row.is_active === 1,
    groups: groups.map(({ id, display_name }) => ({
      ...{ value: id, display: display_name, $ref: `${baseUrl}/Groups/${id}` },
    })),
    meta: metaOf('User', row, `${baseUrl}/Users/${row.id}`),
  };
}

export function groupJson(row: GroupRow, members: readonly MemberOfGroup[], baseUrl: string): JsonObject {
  return {
    schemas: [GROUP_SCHEMA],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    displayName: row.display_name,
    members: members.map(({ scimUserId, userName }) => ({
      ...{ value: scimUserId, display: userName, $ref: `${baseUrl}/Users/${scimUserId}` },
    })),
    meta: metaOf('Group', row, `${baseUrl}/Groups/${row.id}`),
  };
}

function metaOf(
  resourceType: string,
  row: { readonly created_at_ms: number; readonly updated_at_ms: number },
  location: string,
): JsonObject {
  return {
    resourceType,
    created: isoFromMs(row.created_at_ms),
    lastModified: isoFromMs(row.updated_at_ms),
    location,
  };
}

/** What a whole resource says; throws a 400 that names the attribute. */
export function userFields(body: unknown): UserFields {
  const user = objectOf(body);
  const userName = textOf(user, 'userName');
  if (userName === null) throw scimError(400, 'userName: is required', 'invalidValue');
  const attributes = Object.fromEntries(
    Object.entries(user).filter(
      ([name, value]) => !NOT_KEPT.has(name.toLowerCase()) && value !== null && value !== undefined,
    ),
  );
  if (!isStorable(attributes) || JSON.stringify(attributes).length > MAX_ATTRIBUTES_BYTES)
    throw scimError(400, 'the resource is too large, or has texts that cannot be stored', 'invalidValue');
  return {
    userName,
    externalId: textOf(user, 'externalId'),
    email: emailOf(user, userName),
    isActive: flagOf(user[keyOf(user, 'active')]),
    attributes,
  };
}

export interface GroupFields {
  readonly displayName: string;
  readonly externalId: string | null;
  /** Ids of users, each once. */
  readonly members: readonly string[];
}

export function groupFields(body: unknown): GroupFields {
  const group = objectOf(body);
  const displayName = textOf(group, 'displayName');
  if (displayName === null) throw scimError(400, 'displayName: is required', 'invalidValue');
  const given = group[keyOf(group, 'members')] ?? [];
  if (!Array.isArray(given)) throw scimError(400, 'members: must be a list', 'invalidValue');
  const members = given.map((member) => {
    const value = isJsonObject(member) ? member['value'] : member;
    if (typeof value !== 'string') throw scimError(400, 'members: must have a value each', 'invalidValue');
    return value.toLowerCase();
  });
  return { displayName, externalId: textOf(group, 'externalId'), members: [...new Set(members)] };
}

function objectOf(body: unknown): JsonObject {
  if (isJsonObject(body)) return body;
  throw scimError(400, 'the body must be a JSON object', 'invalidSyntax');
}

function textOf(object: JsonObject, name: string): string | null {
  const value = object[keyOf(object, name)];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || !isStorable(value) || value.trim() === '' || value.length > MAX_TEXT)
    throw scimError(400, `${name}: must be a text of at most ${MAX_TEXT} characters`, 'invalidValue');
  return value;
}

/** The address that is marked, or the first one; or the name, which most providers make an address. */
function emailOf(user: JsonObject, userName: string): string {
  const emails = user[keyOf(user, 'emails')];
  const list: unknown[] = Array.isArray(emails) ? emails : [];
  const isPrimary = (entry: unknown) => isJsonObject(entry) && flagOf(entry['primary'] ?? false);
  const entry = list.find(isPrimary) ?? list[0];
  const value = isJsonObject(entry) ? entry['value'] : entry;
  const email = typeof value === 'string' && value !== '' ? value : userName;
  if (!EMAIL.test(email) || !isStorable(email))
    throw scimError(400, 'emails: must have an e-mail address, where userName is none', 'invalidValue');
  return email.toLowerCase();
}

/** Entra ID writes truth values as texts, "False" among them. Absent: true. */
function flagOf(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'boolean') return value;
  const word = String(value).toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  throw scimError(400, 'active: must be true or false', 'invalidValue');
}
