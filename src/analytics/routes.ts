/** Figures by the day and by whatever else: for management keys on the API, and for our own pages. */
import { hasRole, type Session } from '../auth/session.ts';
import { managementRoute, type Route, sessionRoute } from '../http/route.ts';
import { activityOf, parseActivityQuery } from './activity.ts';
import { type AnalyticsServices, answerQuery, type Viewer } from './analytics.ts';
import { metaJson } from './metrics.ts';
import { parseAnalyticsQuery } from './query-body.ts';
import { readTagNames } from './store.ts';

/** So many of an account's tags are named. */
const MAX_TAG_NAMES = 200;

export interface AnalyticsRouteServices extends AnalyticsServices {
  readonly readJson: (request: Request) => Promise<unknown>;
}

export function analyticsRoutes(services: AnalyticsRouteServices): Route[] {
  const activity = async (url: URL, viewer: Viewer) => {
    const query = parseActivityQuery(url.searchParams, services.clock.nowMs());
    return Response.json({ data: await activityOf(services, viewer, query) });
  };
  const query = async (request: Request, viewer: Viewer) => {
    const asked = parseAnalyticsQuery(await services.readJson(request), services.clock.nowMs());
    return Response.json({ data: await answerQuery(services, viewer, asked) });
  };
  const meta = async (viewer: Viewer) =>
    Response.json({ data: metaJson(await readTagNames(services.db, viewer, MAX_TAG_NAMES)) });
  return [
    managementRoute('GET', '/api/v1/activity', ({ url, principal }) => activity(url, ofAccount(principal))),
    managementRoute('GET', '/api/v1/analytics/meta', ({ principal }) => meta(ofAccount(principal))),
    managementRoute('POST', '/api/v1/analytics/query', ({ request, principal }) =>
      query(request, ofAccount(principal)),
    ),
    sessionRoute('GET', '/api/dashboard/activity', 'member', ({ url, session }) =>
      activity(url, ofSession(session)),
    ),
    sessionRoute('GET', '/api/dashboard/analytics/meta', 'member', ({ session }) => meta(ofSession(session))),
    sessionRoute('POST', '/api/dashboard/analytics/query', 'member', ({ request, session }) =>
      query(request, ofSession(session)),
    ),
  ];
}

function ofAccount({ accountId }: { readonly accountId: string }): Viewer {
  return { accountId, madeBy: null, withIds: false };
}

/** Members see what the keys that they made have done; admins, everything. */
function ofSession(session: Session): Viewer {
  const { accountId, userId } = session;
  return { accountId, madeBy: hasRole(session, 'admin') ? null : userId, withIds: true };
}
