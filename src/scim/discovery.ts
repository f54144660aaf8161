/** What this server can do, as clients ask for it (RFC 7643, 5 to 7). No I/O. */
import type { JsonObject } from '../json.ts';
import { MAX_PAGE } from './listing.ts';
import { GROUP_SCHEMA, USER_SCHEMA } from './resource.ts';

const SCHEMA_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

export function describeService(baseUrl: string): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MAX_PAGE },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: false },
    authenticationSchemes: [
      {
        ...{ type: 'oauthbearertoken', name: 'Management key', primary: true },
        description: 'A management key of the organisation as a Bearer token',
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

export const RESOURCE_TYPES = (baseUrl: string): JsonObject[] =>
  (
    [
      ['User', '/Users', USER_SCHEMA],
      ['Group', '/Groups', GROUP_SCHEMA],
    ] as const
  ).map(([name, endpoint, schema]) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    ...{ id: name, name, endpoint, schema, schemaExtensions: [] },
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  }));

const attribute = (name: string, type: string, more: JsonObject = {}): JsonObject => ({
  ...{ name, type, multiValued: false, required: false, caseExact: false, mutability: 'readWrite' },
  ...{ returned: 'default', uniqueness: 'none' },
  ...more,
});

export const SCHEMAS: JsonObject[] = [
  {
    schemas: [SCHEMA_SCHEMA],
    ...{ id: USER_SCHEMA, name: 'User', description: 'Somebody in the organisation' },
    attributes: [
      attribute('userName', 'string', { required: true, uniqueness: 'server' }),
      attribute('externalId', 'string', { caseExact: true }),
      attribute('displayName', 'string'),
      attribute('name', 'complex', {
        subAttributes: ['formatted', 'givenName', 'familyName'].map((name) => attribute(name, 'string')),
      }),
      attribute('emails', 'complex', {
        multiValued: true,
        subAttributes: [
          attribute('value', 'string'),
          attribute('type', 'string'),
          attribute('primary', 'boolean'),
        ],
      }),
      attribute('active', 'boolean'),
      attribute('groups', 'complex', { multiValued: true, mutability: 'readOnly' }),
    ],
  },
  {
    schemas: [SCHEMA_SCHEMA],
    ...{ id: GROUP_SCHEMA, name: 'Group', description: 'People who are given the same' },
    attributes: [
      attribute('displayName', 'string', { required: true }),
      attribute('externalId', 'string', { caseExact: true }),
      attribute('members', 'complex', {
        multiValued: true,
        subAttributes: [attribute('value', 'string', { caseExact: true }), attribute('display', 'string')],
      }),
    ],
  },
];
