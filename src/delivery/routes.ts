/** The webhook operations: for management keys, and the same for administrators on our pages; and what each person gets by mail. */
import { hasRole } from '../auth/session.ts';
import { type Call, managementRoute, type Route, type SessionCall, sessionRoute } from '../http/route.ts';
import { pageOf } from '../query.ts';
import type { DeliveryRouteServices } from './build.ts';
import {
  parseNewWebhook,
  parsePreferences,
  parseSecretRotation,
  parseSettings,
  parseWebhookPatch,
} from './fields.ts';
import { changeLimitPercent, changePreferences, readSettings } from './settings.ts';
import { listDeliveries, listWebhooks } from './store.ts';
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  deliveryJson,
  mustFindWebhook,
  replayDelivery,
  rotateSecret,
  testWebhook,
  webhookJson,
} from './webhooks.ts';

interface Caller {
  readonly accountId: string;
  readonly userId: string | null;
}

/** An answer with a secret in it is nobody's to keep. */
const NOT_KEPT = { headers: { 'cache-control': 'no-store' } };

export function deliveryRoutes(services: DeliveryRouteServices): Route[] {
  const operations: readonly [
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    handle: (services: DeliveryRouteServices, call: Call, caller: Caller) => Promise<Response>,
  ][] = [
    ['GET', '', list],
    ['POST', '', create],
    ['GET', '/:id', read],
    ['PATCH', '/:id', change],
    ['DELETE', '/:id', remove],
    ['POST', '/:id/secret', rotate],
    ['POST', '/:id/test', tryOut],
    ['GET', '/:id/deliveries', deliveries],
    ['POST', '/:id/deliveries/:delivery/replay', replay],
  ];
  return [
    ...operations.map(([method, path, handle]) =>
      managementRoute(method, `/api/v1/webhooks${path}`, (call) =>
        handle(services, call, {
          accountId: call.principal.accountId,
          userId: call.principal.creatorUserId,
        }),
      ),
    ),
    ...operations.map(([method, path, handle]) =>
      sessionRoute(method, `/api/dashboard/webhooks${path}`, 'admin', (call) =>
        handle(services, call, call.session),
      ),
    ),
    sessionRoute('GET', '/api/dashboard/notifications', 'member', (call) => settings(services, call)),
    sessionRoute('PATCH', '/api/dashboard/notifications', 'member', async (call) => {
      await changePreferences(
        services,
        personOf(call),
        parsePreferences(await services.readJson(call.request)),
      );
      return await settings(services, call);
    }),
    sessionRoute('PATCH', '/api/dashboard/notifications/settings', 'admin', async (call) => {
      const percent = parseSettings(await services.readJson(call.request));
      await changeLimitPercent(services, call.session.accountId, percent);
      return await settings(services, call);
    }),
  ];
}

const idOf = ({ params }: Call): string => (params['id'] ?? '').toLowerCase();

const personOf = ({ session }: SessionCall) => ({
  ...{ accountId: session.accountId, userId: session.userId, isAdmin: hasRole(session, 'admin') },
});

async function settings(services: DeliveryRouteServices, call: SessionCall): Promise<Response> {
  return Response.json({ data: await readSettings(services, personOf(call)) });
}

async function list(services: DeliveryRouteServices, _call: Call, { accountId }: Caller): Promise<Response> {
  const rows = await listWebhooks(services.database.db, accountId);
  return Response.json({ data: rows.map((row) => webhookJson(services, row)) });
}

async function create(services: DeliveryRouteServices, call: Call, caller: Caller): Promise<Response> {
  const wanted = parseNewWebhook(await services.readJson(call.request), services.privateHosts);
  const data = await createWebhook(services, caller, wanted);
  return Response.json({ data }, { status: 201, ...NOT_KEPT });
}

async function read(services: DeliveryRouteServices, call: Call, { accountId }: Caller): Promise<Response> {
  return Response.json({
    data: webhookJson(services, await mustFindWebhook(services, accountId, idOf(call))),
  });
}

async function change(services: DeliveryRouteServices, call: Call, { accountId }: Caller): Promise<Response> {
  const wanted = parseWebhookPatch(await services.readJson(call.request), services.privateHosts);
  return Response.json({ data: await changeWebhook(services, accountId, idOf(call), wanted) });
}

async function remove(services: DeliveryRouteServices, call: Call, { accountId }: Caller): Promise<Response> {
  await deleteWebhook(services, accountId, idOf(call));
  return Response.json({ deleted: true });
}

async function rotate(services: DeliveryRouteServices, call: Call, { accountId }: Caller): Promise<Response> {
  const overlapMs = parseSecretRotation(await services.readJson(call.request));
  const data = await rotateSecret(services, accountId, idOf(call), overlapMs);
  return Response.json({ data }, { status: 201, ...NOT_KEPT });
}

async function tryOut(services: DeliveryRouteServices, call: Call, { accountId }: Caller): Promise<Response> {
  return Response.json({ data: await testWebhook(services, accountId, idOf(call)) }, { status: 202 });
}

/** Newest first. */
async function deliveries(
  services: DeliveryRouteServices,
  call: Call,
  { accountId }: Caller,
): Promise<Response> {
  const page = pageOf(call.url.searchParams);
  const { id } = await mustFindWebhook(services, accountId, idOf(call));
  const rows = await listDeliveries(services.database.db, id, page);
  return Response.json({ data: rows.map(deliveryJson) });
}

async function replay(services: DeliveryRouteServices, call: Call, { accountId }: Caller): Promise<Response> {
  const deliveryId = (call.params['delivery'] ?? '').toLowerCase();
  const data = await replayDelivery(services, accountId, idOf(call), deliveryId);
  return Response.json({ data }, { status: 202 });
}
