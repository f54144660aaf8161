/** What apps call: codes and keys in OpenRouter's way, and the OAuth server's endpoints in the standard one. */
import { isoFromMs } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { FORM_BYTES, isForm, readForm, readJson } from '../http/body.ts';
import { type Call, keyItselfRoute, publicRoute, type Route } from '../http/route.ts';
import { newId } from '../ids.ts';
import { fieldsOfQuery } from './authorization/authorization-request.ts';
import { createCodeGrant, required } from './authorization/code-grant.ts';
import { CODE_LIFE_MS, createCode, redeemCode } from './authorization/codes.ts';
import { readAuthorization } from './authorization/consent.ts';
import { parseCodeRequest, parseExchange } from './bodies.ts';
import { findClient } from './clients/client-store.ts';
import { unknownClient } from './clients/clients.ts';
import { type RegistrationServices, register } from './clients/registration.ts';
import { createDeviceGrant, DEVICE_GRANT, type DeviceServices, startDevice } from './device/device.ts';
import { introspect, revoke } from './issued-keys.ts';
import { RESOURCE_METADATA_PATH, resourceMetadata, serverMetadata } from './metadata.ts';
import { inStandardShape } from './oauth-error.ts';
import { answerToken, type Fields, fieldsOfForm, fieldsOfJson, type Grant } from './token-endpoint.ts';

export interface OauthRouteServices extends DeviceServices, Omit<RegistrationServices, 'attempts'> {
  /** Those of others, by `grant_type`. */
  readonly grants: Readonly<Record<string, Grant>>;
  /** Whether apps may register themselves. */
  readonly dynamicRegistration: boolean;
}

/** An answer with a secret in it is nobody's to keep. */
const HEADERS = { 'cache-control': 'no-store' };

export function oauthRoutes(services: OauthRouteServices): Route[] {
  return [...codeRoutes(services), ...tokenRoutes(services), ...metadataRoutes(services)];
}

function codeRoutes(services: OauthRouteServices): Route[] {
  return [
    keyItselfRoute('POST', '/api/v1/auth/keys/code', async ({ request, principal }) => {
      const wanted = parseCodeRequest(await readJson(request, FORM_BYTES), services.clock.nowMs());
      const { code, appId, createdAtMs } = await createCode(services, principal, wanted);
      const data = { id: code, app_id: appId, created_at: isoFromMs(createdAtMs) };
      return Response.json({ data }, { headers: HEADERS });
    }),
    // Apps call it from a browser, without a key or with whichever one they have: the code alone speaks for them.
    publicRoute('POST', '/api/v1/auth/keys', async ({ request, clientAddress }) => {
      const exchange = parseExchange(await readJson(request, FORM_BYTES));
      const { key, row } = await redeemCode(services, exchange, null, clientAddress);
      return Response.json({ key, user_id: row.creator_user_id }, { headers: HEADERS });
    }),
    // The older way: an app asks for the address that it sends its user to, or sends the user right here.
    publicRoute('POST', '/api/v1/oauth/authorization', async ({ request }) => {
      const fields = await readFields(request);
      const clientId = required(fields, 'client_id');
      if ((await findClient(services.database.db, clientId)) === undefined) throw unknownClient(false);
      await readAuthorization(services, fields);
      const answer = {
        authorization_url: authorizationUrl(services, fields),
        request_id: newId(),
        expires_in: CODE_LIFE_MS / 1000,
      };
      return Response.json(answer, { headers: HEADERS });
    }),
    publicRoute('GET', '/api/v1/oauth/authorization', ({ url }) => {
      const location = authorizationUrl(services, fieldsOfQuery(url.searchParams));
      return new Response(null, { status: 302, headers: { ...HEADERS, location } });
    }),
  ];
}

function tokenRoutes(services: OauthRouteServices): Route[] {
  const codeGrant = createCodeGrant(services);
  const grants = {
    authorization_code: codeGrant,
    [DEVICE_GRANT]: createDeviceGrant(services),
    ...services.grants,
  };
  return [
    publicRoute('POST', '/api/v1/oauth/token', async (call) => {
      const fields = await readFields(call.request).catch((thrown: unknown) => {
        // Only standard clients send forms.
        throw isForm(call.request) ? inStandardShape(thrown) : thrown;
      });
      return await answerToken({ grants, withoutType: codeGrant }, fields, call);
    }),
    standardRoute('/api/v1/oauth/device_authorization', async (fields, call) =>
      Response.json(await startDevice(services, fields, call), { headers: HEADERS }),
    ),
    standardRoute('/api/v1/oauth/revoke', async (fields, call) => {
      await revoke(services, fields, call);
      return new Response(null, { headers: HEADERS });
    }),
    standardRoute('/api/v1/oauth/introspect', async (fields, call) =>
      Response.json(await introspect(services, fields, call), { headers: HEADERS }),
    ),
    publicRoute('POST', '/api/v1/oauth/register', async ({ request, clientAddress }) => {
      if (!services.dynamicRegistration) throw new TurnpikeError('not_found');
      try {
        const answer = await register(services, await readJson(request, FORM_BYTES), clientAddress);
        return Response.json(answer, { status: 201, headers: HEADERS });
      } catch (thrown) {
        throw inStandardShape(thrown);
      }
    }),
  ];
}

function metadataRoutes(services: OauthRouteServices): Route[] {
  const { publicUrl } = services;
  const server = serverMetadata({
    publicUrl,
    grantTypes: ['authorization_code', DEVICE_GRANT, ...Object.keys(services.grants)],
    hasRegistration: services.dynamicRegistration,
  });
  return [
    publicRoute('GET', '/.well-known/oauth-authorization-server', () => Response.json(server)),
    publicRoute('GET', RESOURCE_METADATA_PATH, () => Response.json(resourceMetadata(publicUrl, ''))),
    publicRoute('GET', `${RESOURCE_METADATA_PATH}/api/v1`, () =>
      Response.json(resourceMetadata(publicUrl, '/api/v1')),
    ),
  ];
}

/** One that standard clients alone call, with errors as they read them. */
function standardRoute(path: string, answer: (fields: Fields, call: Call) => Promise<Response>): Route {
  return publicRoute('POST', path, async (call) => {
    try {
      return await answer(await readFields(call.request), call);
    } catch (thrown) {
      throw inStandardShape(thrown);
    }
  });
}

async function readFields(request: Request): Promise<Fields> {
  if (isForm(request)) return fieldsOfForm(await readForm(request));
  return fieldsOfJson(await readJson(request, FORM_BYTES));
}

/** Where the user is asked, with everything that was said and is known there. */
function authorizationUrl({ publicUrl }: OauthRouteServices, fields: Fields): string {
  const known = fieldsOfQuery(new URLSearchParams([...fields]));
  const callback = known.get('callback_url') ?? known.get('redirect_uri');
  const query = new URLSearchParams(callback === undefined ? {} : { callback_url: callback });
  for (const [name, value] of known) {
    if (!['callback_url', 'redirect_uri', 'response_type'].includes(name)) query.set(name, value);
  }
  return `${publicUrl}/auth?${query}`;
}
