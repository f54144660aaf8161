/** What the Apps page asks about apps that people let in. Members reach what they consented to themselves; admins, everything. */
import { hasRole, type Session } from '../../auth/session.ts';
import { type Route, sessionRoute } from '../../http/route.ts';
import { cutOff, describeGrants, type GrantServices } from './grants.ts';
import type { Reach } from './store.ts';

export type { GrantServices } from './grants.ts';

export function grantRoutes(services: GrantServices): Route[] {
  return [
    sessionRoute('GET', '/api/dashboard/app-grants', 'member', async ({ session }) =>
      Response.json({ data: await describeGrants(services, reachOf(session)) }),
    ),
    sessionRoute('DELETE', '/api/dashboard/app-grants/:app', 'member', async ({ session, params }) => {
      const revoked = await cutOff(services, reachOf(session), params['app'] ?? '');
      return Response.json({ data: { revoked_keys: revoked } });
    }),
  ];
}

function reachOf(session: Session): Reach {
  const { accountId, userId } = session;
  return { accountId, userId: hasRole(session, 'admin') ? null : userId };
}
