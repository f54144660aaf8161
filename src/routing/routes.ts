/** The page behind `error.availability.docs_url`: what each code means and what to do about it. And the operator's own view of the providers. */
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { publicRoute, type Route, sessionRoute } from '../http/route.ts';
import { AVAILABILITY_DOCS_PATH, type AvailabilityCode } from './availability.ts';
import { type Listed, providersJson, type ViewServices } from './operator-view.ts';

const EXPLANATIONS: Readonly<Record<AvailabilityCode, string>> = {
  model_not_found: 'No model has this id. <code>GET /api/v1/models</code> lists those that there are.',
  wrong_endpoint:
    'The model exists and does other work than this path is for: a chat model chats, an embeddings model embeds.',
  no_endpoints:
    'The model is known, and no provider of it is switched on here. The operator can switch one on.',
  free_variant_ended:
    'The model is not offered for free here. <code>fallback_models</code> names it as it is offered.',
  privacy_restricted:
    'Every endpoint was left out by what you, or your organisation, asked about stored prompts and training: <code>provider.zdr</code> or <code>provider.data_collection</code>.',
  constraint_filtered:
    'Every endpoint was left out by what the request asked for; <code>excluded_by</code> names the wishes, and <code>constraint.field</code> the first to change.',
  capacity_exhausted:
    'Every provider that could serve the request says that it has too many. Repeat it after <code>retry_after</code> seconds, or name other models in <code>models</code>.',
  temporarily_unavailable: 'Every provider that could serve the request failed. Repeating it later can help.',
};

export interface RoutingRouteServices extends ViewServices {
  readonly catalogue: () => Listed;
  readonly clock: Clock;
  /** Whose providers these are. */
  readonly operatorAccountId: string;
}

export function routingRoutes(services: RoutingRouteServices): Route[] {
  return [
    publicRoute('GET', AVAILABILITY_DOCS_PATH, () => new Response(PAGE, { headers: PAGE_HEADERS })),
    sessionRoute('GET', '/api/dashboard/providers', 'admin', ({ session }) => {
      if (session.accountId !== services.operatorAccountId)
        throw new TurnpikeError('permission_denied', {
          message: 'Only the organisation that runs this gateway sees how its providers do',
        });
      const data = providersJson(services, services.catalogue(), services.clock.nowMs());
      return Response.json({ data });
    }),
  ];
}

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Why nobody could serve a request</title>
<h1>Why nobody could serve a request</h1>
<p>The error of such a request carries <code>error.availability.code</code>, which is one of these:</p>
<dl>
${Object.entries(EXPLANATIONS)
  .map(([code, text]) => `<dt id="${code}"><code>${code}</code></dt>\n<dd>${text}</dd>`)
  .join('\n')}
</dl>
</html>
`;
