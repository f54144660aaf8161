/** `GET /generation/content`, and whether a workspace keeps any: for management keys, and for people who manage the organisation. */
import { type Actor, actingAs } from '../audit/actor.ts';
import { recordAudit } from '../audit/record.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { anyKeyRoute, managementRoute, type Route, sessionRoute } from '../http/route.ts';
import { isGenerationId } from '../ids.ts';
import { UUID } from '../keys/key-fields.ts';
import { asShown } from '../keys/key-names.ts';
import { single } from '../query.ts';
import { findAccount } from '../tenancy/tenants.ts';
import { contentJson } from './content.ts';
import {
  type ContentServices,
  changeSetting,
  forgetContent,
  type Place,
  placeOf,
  readContent,
  readSetting,
  type SettingInPlace,
} from './keep-content.ts';
import { mustMayRead, parseContentPatch, settingJson } from './setting.ts';

export interface ContentRouteServices extends ContentServices {
  readonly readJson: (request: Request) => Promise<unknown>;
}

interface Asking {
  readonly request: Request;
  readonly url: URL;
}

const SETTING = '/api/v1/content-logging';
const PAGE_SETTING = '/api/dashboard/content-logging';

export function contentRoutes(services: ContentRouteServices): Route[] {
  return [
    anyKeyRoute('GET', '/api/v1/generation/content', async ({ url, principal, clientAddress }) => {
      const id = single(url.searchParams, 'id');
      if (id === null || id === '') throw invalidRequest('id is missing: give the id of a generation');
      mustMayRead(principal, await findAccount(services.database.db, principal.accountId));
      const kind = principal.kind === 'management' ? 'management_key' : 'api_key';
      const reader = { kind, id: principal.keyHash, address: clientAddress } as const;
      return await content(services, principal.accountId, id, reader);
    }),
    sessionRoute('GET', '/api/dashboard/generations/:id/content', 'admin', (call) => {
      const { accountId, userId } = call.session;
      const reader = { kind: 'user', id: userId, address: call.clientAddress } as const;
      return content(services, accountId, call.params['id'] ?? '', reader);
    }),
    managementRoute('GET', SETTING, (call) => show(services, call, call.principal.accountId)),
    managementRoute('PATCH', SETTING, (call) => change(services, call, call.principal.accountId)),
    managementRoute('DELETE', SETTING, (call) => remove(services, call, call.principal.accountId)),
    sessionRoute('GET', PAGE_SETTING, 'admin', (call) => show(services, call, call.session.accountId)),
    sessionRoute('PATCH', PAGE_SETTING, 'admin', (call) => change(services, call, call.session.accountId)),
    sessionRoute('DELETE', PAGE_SETTING, 'admin', (call) => remove(services, call, call.session.accountId)),
  ];
}

/** Who has read what somebody said is written down. */
async function content(
  services: ContentServices,
  accountId: string,
  id: string,
  reader: Actor,
): Promise<Response> {
  const found = isGenerationId(id) ? await readContent(services, accountId, id) : undefined;
  if (found === undefined) throw new TurnpikeError('not_found');
  await actingAs(reader, () =>
    recordAudit(services.database.db, {
      ...{ action: 'content.read', target: ['generation', id], accountId, nowMs: services.clock.nowMs() },
    }),
  );
  return Response.json({ data: contentJson(found) }, { headers: { 'cache-control': 'no-store' } });
}

async function show(services: ContentServices, call: Asking, accountId: string): Promise<Response> {
  const place = await askedPlace(services, call, accountId);
  return await answer(services, place, await readSetting(services, place));
}

async function change(services: ContentRouteServices, call: Asking, accountId: string): Promise<Response> {
  const changes = parseContentPatch(await services.readJson(call.request));
  const place = await askedPlace(services, call, accountId);
  return await answer(services, place, await changeSetting(services, place, changes));
}

async function answer(
  { database, isAllowed }: ContentServices,
  { accountId, workspaceId }: Place,
  { setting, updatedAtMs }: SettingInPlace,
): Promise<Response> {
  const keyHashes = await asShown(database.db, accountId, setting.keyHashes);
  return Response.json({
    data: settingJson(workspaceId, { ...setting, keyHashes }, isAllowed, updatedAtMs),
  });
}

async function remove(services: ContentServices, call: Asking, accountId: string): Promise<Response> {
  await forgetContent(services, await askedPlace(services, call, accountId));
  return Response.json({ deleted: true });
}

function askedPlace(services: ContentServices, { url }: Asking, accountId: string): Promise<Place> {
  const workspaceId = single(url.searchParams, 'workspace_id');
  if (workspaceId !== null && !UUID.test(workspaceId))
    throw invalidRequest('workspace_id: must be the UUID of a workspace');
  return placeOf(services, accountId, workspaceId);
}
