/** Figures by the day and by whatever else: for management keys on the API, and for our own pages. */
import { hasRole, type Session } from '../auth/session.ts';
import { managementRoute, onlyReading, type Route, sessionRoute } from '../http/route.ts';
import { findAccount } from '../tenancy/tenants.ts';
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
    Response.json({ data: metaJson(await readTagNames(services.database.db, viewer, MAX_TAG_NAMES)) });
  return [
    managementRoute('GET', '/api/v1/activity', ({ url, principal }) => activity(url, ofAccount(principal))),
    managementRoute('GET', '/api/v1/analytics/meta', ({ principal }) => meta(ofAccount(principal))),
    onlyReading(
      managementRoute('POST', '/api/v1/analytics/query', ({ request, principal }) =>
        query(request, ofAccount(principal)),
      ),
    ),
    sessionRoute('GET', '/api/dashboard/activity', 'member', async ({ url, session }) =>
      activity(url, await ofSession(services, session)),
    ),
    sessionRoute('GET', '/api/dashboard/analytics/meta', 'member', async ({ session }) =>
      meta(await ofSession(services, session)),
    ),
    onlyReading(
      sessionRoute('POST', '/api/dashboard/analytics/query', 'member', async ({ request, session }) =>
        query(request, await ofSession(services, session)),
      ),
    ),
  ];
}

/** The API counts in UTC, whoever asks. */
function ofAccount({ accountId }: { readonly accountId: string }): Viewer {
  return { accountId, madeBy: null, withIds: false, timeZone: 'UTC' };
}

/** Members see what the keys that they made have done; admins, everything. In days of the organisation's own. */
async function ofSession({ database: { db } }: AnalyticsServices, session: Session): Promise<Viewer> {
  const { accountId, userId } = session;
  const timeZone = (await findAccount(db, accountId))?.time_zone ?? 'UTC';
  return { accountId, madeBy: hasRole(session, 'admin') ? null : userId, withIds: true, timeZone };
}
