/** `POST /api/v1/policy/replay`: what a draft of a guardrail would have done to the last days. */
import { managementRoute, type Route, sessionRoute } from '../http/route.ts';
import { parseReplay } from './fields.ts';
import { replayJson } from './replay-json.ts';
import { createReplay, type ReplayServices } from './run.ts';

export interface ReplayRouteServices extends ReplayServices {
  readonly readJson: (request: Request) => Promise<unknown>;
}

export function replayRoutes(services: ReplayRouteServices): Route[] {
  const replay = createReplay(services);
  const answer = async (request: Request, accountId: string) => {
    const order = await parseReplay(await services.readJson(request));
    return Response.json({ data: replayJson(await replay(accountId, order)) });
  };
  return [
    managementRoute('POST', '/api/v1/policy/replay', ({ request, principal }) =>
      answer(request, principal.accountId),
    ),
    sessionRoute('POST', '/api/dashboard/policy/replay', 'admin', ({ request, session }) =>
      answer(request, session.accountId),
    ),
  ];
}
