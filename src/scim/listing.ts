/** Pages of SCIM (RFC 7644, 3.4.2), which count from one, and the bodies of mappings. No I/O. */
import { z } from 'zod';
import type { JsonObject } from '../json.ts';
import { parse, workspaceId } from '../keys/key-fields.ts';
import { single } from '../query.ts';
import type { MappingWish } from './mappings.ts';
import { scimError } from './scim-error.ts';

const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const MAX_PAGE = 200;

export interface ScimPage {
  readonly filter: string | null;
  /** From 1. */
  readonly startIndex: number;
  readonly count: number;
  /** Attributes that are left out, in lower case. */
  readonly excluded: ReadonlySet<string>;
}

export function parseScimPage(query: URLSearchParams): ScimPage {
  const excluded = (single(query, 'excludedAttributes') ?? '').toLowerCase().split(',');
  return {
    filter: single(query, 'filter'),
    // Less than one is one, and less than none is none (RFC 7644, 3.4.2.4).
    startIndex: Math.max(1, whole(query, 'startIndex', 1)),
    count: Math.min(MAX_PAGE, Math.max(0, whole(query, 'count', 100))),
    excluded: new Set(excluded.map((name) => name.trim()).filter((name) => name !== '' && name !== 'id')),
  };
}

function whole(query: URLSearchParams, name: string, absent: number): number {
  const given = single(query, name);
  if (given === null || given === '') return absent;
  if (!/^-?\d{1,9}$/.test(given)) throw scimError(400, `${name}: must be a whole number`, 'invalidValue');
  return Number(given);
}

export function listed(
  all: readonly JsonObject[],
  { startIndex, count }: Pick<ScimPage, 'startIndex' | 'count'> = { startIndex: 1, count: MAX_PAGE },
  shown: (resource: JsonObject) => JsonObject = (resource) => resource,
): JsonObject {
  const page = all.slice(startIndex - 1, startIndex - 1 + count);
  return {
    schemas: [LIST_SCHEMA],
    totalResults: all.length,
    startIndex,
    itemsPerPage: page.length,
    Resources: page.map(shown),
  };
}

const role = z.enum(['admin', 'member'], 'must be "admin" or "member"');
const mapping = z.object(
  { scim_group_id: workspaceId, workspace_id: workspaceId, role },
  'must be a JSON object',
);
const mappingPatch = z.object({ role }, 'must be a JSON object');

export function parseMapping(body: unknown): MappingWish {
  const { scim_group_id: groupId, workspace_id, role: wanted } = parse(mapping, body);
  return { groupId, workspaceId: workspace_id, role: wanted };
}

export const parseMappingRole = (body: unknown): 'admin' | 'member' => parse(mappingPatch, body).role;
