/** Credits and their buying, for those who manage an organisation, and where the payment provider tells what was paid. */
import { actingAs, noteEvent } from '../audit/actor.ts';
import { TurnpikeError } from '../errors.ts';
import { readJson, readRawBody } from '../http/body.ts';
import { publicRoute, type Route, sessionRoute } from '../http/route.ts';
import type { Billing } from './build.ts';
import { beginCheckout, receiptOf, refreshCheckout } from './checkout.ts';
import { linesOf, overviewOf, parsePage, purchaseJson, purchasesOf } from './overview.ts';
import { changeAlerts, changeTopUp, removeCard } from './settings.ts';
import { verifiedEvent } from './signature.ts';
import { takeEvent } from './webhook.ts';

const PATH = '/api/dashboard/credits';
const BODY_BYTES = 16 * 1024;
/** Stripe's events are some kilobytes; a checkout with a hundred lines is not among ours. */
const EVENT_BYTES = 512 * 1024;

export function billingRoutes(billing: Billing): Route[] {
  const { services } = billing;
  const overview = async (accountId: string) =>
    Response.json({ data: await overviewOf(services, accountId) });
  return [
    publicRoute('POST', '/webhooks/stripe', async ({ request, clientAddress }) => {
      const webhookSecret = billing.webhookSecret();
      if (webhookSecret === null) throw new TurnpikeError('not_found');
      const body = await readRawBody(request, EVENT_BYTES);
      const nowMs = services.clock.nowMs();
      const event = await verifiedEvent(body, request.headers.get('stripe-signature'), webhookSecret, nowMs);
      const stripe = { kind: 'system', id: 'stripe', address: clientAddress } as const;
      const verdict = await actingAs(stripe, () => takeEvent(services, event), noteEvent);
      return Response.json({ received: true, verdict });
    }),
    sessionRoute('GET', PATH, 'admin', ({ session }) => overview(session.accountId)),
    sessionRoute('GET', `${PATH}/lines`, 'admin', async ({ session, url }) =>
      Response.json(await linesOf(services, session.accountId, parsePage(url.searchParams))),
    ),
    sessionRoute('GET', `${PATH}/purchases`, 'admin', async ({ session, url }) =>
      Response.json(await purchasesOf(services, session.accountId, parsePage(url.searchParams))),
    ),
    sessionRoute('POST', `${PATH}/checkout`, 'admin', async ({ session, request }) => {
      const made = await beginCheckout(services, session, await readJson(request, BODY_BYTES));
      return Response.json({ data: made }, { status: 201 });
    }),
    sessionRoute('POST', `${PATH}/purchases/:id/refresh`, 'admin', async ({ session, params }) => {
      const payment = await refreshCheckout(services, session.accountId, params['id'] ?? '');
      return Response.json({ data: purchaseJson(payment) });
    }),
    sessionRoute('GET', `${PATH}/purchases/:id/receipt`, 'admin', async ({ session, params }) => {
      const location = await receiptOf(services, session.accountId, params['id'] ?? '');
      return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } });
    }),
    sessionRoute('PATCH', `${PATH}/top-up`, 'admin', async ({ session, request }) => {
      await changeTopUp(services, session.accountId, await readJson(request, BODY_BYTES));
      return await overview(session.accountId);
    }),
    sessionRoute('PATCH', `${PATH}/alerts`, 'admin', async ({ session, request }) => {
      await changeAlerts(services, session.accountId, await readJson(request, BODY_BYTES));
      return await overview(session.accountId);
    }),
    sessionRoute('DELETE', `${PATH}/card`, 'admin', async ({ session }) => {
      await removeCard(services, session.accountId);
      return await overview(session.accountId);
    }),
  ];
}
