/** Where GitHub tells of secrets that it found in public. */
import { readRawBody } from '../http/body.ts';
import { publicRoute, type Route } from '../http/route.ts';
import type { GithubKeys } from './github-keys.ts';
import { matchesIn, mustBeSigned, REPORT_BYTES } from './github-report.ts';
import { type LeakServices, takeReport } from './take-report.ts';

export interface LeakRouteServices extends LeakServices {
  /** Null: reports are not taken, and there is no such path. */
  readonly githubKeys: GithubKeys | null;
}

export function leakRoutes({ githubKeys, ...services }: LeakRouteServices): Route[] {
  if (githubKeys === null) return [];
  return [
    publicRoute('POST', '/webhooks/github-secret-scanning', async ({ request }) => {
      const body = await readRawBody(request, REPORT_BYTES);
      await mustBeSigned(githubKeys, request.headers, body);
      return Response.json(await takeReport(services, 'github', matchesIn(body)));
    }),
  ];
}
