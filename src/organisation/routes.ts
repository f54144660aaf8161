/** The organisation as its own pages see it: everybody reads it, admins change it. */
import { readJson } from '../http/body.ts';
import { type Route, type SessionCall, sessionRoute } from '../http/route.ts';
import type { Organisation } from './answers.ts';
import { MAX_LOGO_BYTES } from './logo.ts';
import {
  changeLogo,
  changeOrganisation,
  LOGO_PATH,
  type OrganisationServices,
  readLogo,
  readOrganisation,
  removeLogo,
} from './organisation.ts';

const PATH = '/api/dashboard/organisation';
const BODY_BYTES = 64 * 1024;
/** Base64 takes four bytes for three. */
const LOGO_BODY_BYTES = Math.ceil(MAX_LOGO_BYTES / 3) * 4 + 1024;

export function organisationRoutes(services: OrganisationServices): Route[] {
  return [
    sessionRoute('GET', PATH, 'member', async ({ session }) =>
      answer(await readOrganisation(services, session.accountId)),
    ),
    sessionRoute('PATCH', PATH, 'admin', async ({ session, request }) =>
      answer(await changeOrganisation(services, session.accountId, await readJson(request, BODY_BYTES))),
    ),
    sessionRoute('GET', LOGO_PATH, 'member', (call) => logo(services, call)),
    sessionRoute('PUT', LOGO_PATH, 'admin', async ({ session, request }) =>
      answer(await changeLogo(services, session.accountId, await readJson(request, LOGO_BODY_BYTES))),
    ),
    sessionRoute('DELETE', LOGO_PATH, 'admin', async ({ session }) =>
      answer(await removeLogo(services, session.accountId)),
    ),
  ];
}

/** Opened by itself it is a picture and nothing more: no script, no frame, no other type. */
async function logo(services: OrganisationServices, { session, request }: SessionCall): Promise<Response> {
  const { etag, bytes } = await readLogo(services, session.accountId);
  const headers = {
    etag,
    // Another picture has another address. Only for whoever is signed in, so no cache in between may keep it.
    'cache-control': 'private, max-age=86400',
    'content-type': 'image/png',
    'content-disposition': 'inline; filename="logo.png"',
    'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  return new Response(bytes, { headers });
}

function answer(organisation: Organisation): Response {
  return Response.json({ data: organisation });
}
