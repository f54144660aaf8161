/** Asking for an authorization code with an API key, and exchanging a code for a key of its own. */
import { isoFromMs } from '../clock.ts';
import { apiKeyRoute, publicRoute, type Route } from '../http/route.ts';
import { parseCodeRequest, parseExchange } from './bodies.ts';
import { type CodeServices, createCode, redeemCode } from './codes.ts';

export interface OauthRouteServices extends CodeServices {
  readonly readJson: (request: Request) => Promise<unknown>;
}

/** An answer with a secret in it is nobody's to keep. */
const HEADERS = { 'cache-control': 'no-store' };

export function oauthRoutes(services: OauthRouteServices): Route[] {
  return [
    apiKeyRoute('POST', '/api/v1/auth/keys/code', async ({ request, principal }) => {
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
  ];
}
