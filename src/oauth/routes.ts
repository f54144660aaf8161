/** Asking for an authorization code with an API key, and exchanging a code for a key of its own. */
import { isoFromMs } from '../clock.ts';
import { isForm, readForm } from '../http/body.ts';
import { keyItselfRoute, publicRoute, type Route } from '../http/route.ts';
import { parseCodeRequest, parseExchange } from './bodies.ts';
import { type CodeServices, createCode, redeemCode } from './codes.ts';
import { inStandardShape, oauthError } from './oauth-error.ts';
import { answerToken, type Fields, fieldsOfForm, fieldsOfJson, type Grant } from './token-endpoint.ts';

export interface OauthRouteServices extends CodeServices {
  readonly readJson: (request: Request) => Promise<unknown>;
  /** By `grant_type`. */
  readonly grants: Readonly<Record<string, Grant>>;
}

/** An answer with a secret in it is nobody's to keep. */
const HEADERS = { 'cache-control': 'no-store' };

export function oauthRoutes(services: OauthRouteServices): Route[] {
  return [
    keyItselfRoute('POST', '/api/v1/auth/keys/code', async ({ request, principal }) => {
      const wanted = parseCodeRequest(await services.readJson(request), services.clock.nowMs());
      const { code, appId, createdAtMs } = await createCode(services, principal, wanted);
      const data = { id: code, app_id: appId, created_at: isoFromMs(createdAtMs) };
      return Response.json({ data }, { headers: HEADERS });
    }),
    // Apps call it from a browser, without a key or with whichever one they have: the code alone speaks for them.
    publicRoute('POST', '/api/v1/auth/keys', async ({ request }) => {
      const { key, row } = await redeemCode(services, parseExchange(await services.readJson(request)));
      return Response.json({ key, user_id: row.creator_user_id }, { headers: HEADERS });
    }),
    publicRoute('POST', '/api/v1/oauth/token', async (call) => {
      const fields = await readFields(services, call.request);
      return await answerToken({ grants: services.grants, withoutType }, fields, call);
    }),
  ];
}

/** Only standard clients send forms. */
async function readFields(services: OauthRouteServices, request: Request): Promise<Fields> {
  if (!isForm(request)) return fieldsOfJson(await services.readJson(request));
  try {
    return fieldsOfForm(await readForm(request));
  } catch (thrown) {
    throw inStandardShape(thrown);
  }
}

const withoutType: Grant = async () => {
  throw oauthError('invalid_client', 'Unknown client or wrong client secret');
};
