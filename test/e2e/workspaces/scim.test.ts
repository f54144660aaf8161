/**
 * SCIM as identity providers send it, byte for byte where their documentation or reports of their users have it; and OpenRouter's
 * operations on groups, by the official client.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import {
  ConflictResponseError,
  NotFoundResponseError,
  UnauthorizedResponseError,
} from '@openrouter/sdk/models/errors';
import { confirmEmail, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { engines, rejectionOf } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const UNKNOWN = '01890000-0000-7000-8000-000000000000';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  let owner: Visitor;
  let manager: OpenRouter;
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    owner = await signUpOwner(gateway);
    manager = new OpenRouter({
      ...{ apiKey: gateway.managementKey, serverURL: gateway.baseUrl },
      retryConfig: { strategy: 'none' },
    });
  });
  afterAll(() => gateway?.stop());

  const send = async (method: string, url: string, body: unknown, key: string, type: string) => {
    const answer = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: text === '' ? {} : JSON.parse(text),
    };
  };
  const scim = (method: string, path: string, body?: unknown, key = gateway.managementKey) =>
    send(method, `${gateway.url}/scim/v2${path}`, body, key, 'application/scim+json; charset=utf-8');
  const call = (method: string, path: string, body?: unknown, key = gateway.managementKey) =>
    send(method, `${gateway.baseUrl}${path}`, body, key, 'application/json');
  const patch = (path: string, ...Operations: object[]) =>
    scim('PATCH', path, { schemas: [PATCH_OP], Operations });
  const email = () => `${crypto.randomUUID()}@example.com`;
  const PASSWORD = 'correct horse battery';
  /** A member who has shown that the address is theirs. */
  const member = async () => {
    const address = email();
    const visitor = await signUpMember(gateway, owner, { email: address, password: PASSWORD });
    await confirmEmail(gateway, visitor, { email: address, password: PASSWORD });
    return { visitor, email: address, id: (await visitor.session())?.user.id ?? '' };
  };
  const provision = async (address: string, more: object = {}): Promise<string> => {
    const { status, json, text } = await scim('POST', '/Users', {
      ...{
        schemas: [USER],
        userName: address,
        active: true,
        emails: [{ primary: true, value: address, type: 'work' }],
      },
      ...more,
    });
    if (status !== 201) throw new Error(text);
    return json.id;
  };
  const group = async (
    members: readonly string[] = [],
    displayName = `g ${crypto.randomUUID()}`,
  ): Promise<string> => {
    const { status, json, text } = await scim('POST', '/Groups', {
      ...{ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName },
      members: members.map((value) => ({ value, display: 'x' })),
    });
    if (status !== 201) throw new Error(text);
    return json.id;
  };
  const workspace = async (): Promise<string> =>
    (await call('POST', '/workspaces', { name: 'W', slug: `w-${crypto.randomUUID().slice(0, 8)}` })).json.data
      .id;
  const map = (scim_group_id: string, workspace_id: string, role: string) =>
    call('POST', '/scim/group-mappings', { scim_group_id, workspace_id, role });
  const rolesIn = async (id: string): Promise<Record<string, string>> => {
    const { json } = await call('GET', `/workspaces/${id}/members`);
    return Object.fromEntries(
      json.data.map((row: { user_id: string; role: string }) => [row.user_id, row.role]),
    );
  };
  const membersOf = async (id: string) =>
    (await scim('GET', `/Groups/${id}`)).json.members.map(({ value }: { value: string }) => value);
  const chat = async (key: string) =>
    (
      await call(
        'POST',
        '/chat/completions',
        { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] },
        key,
      )
    ).status;

  test('clients find out what is supported, ask for a user that is not there, and are refused in the form of the standard', async () => {
    const config = await scim('GET', '/ServiceProviderConfig');
    expect(config.json).toMatchObject({ patch: { supported: true }, filter: { supported: true } });
    expect(config.headers.get('content-type')).toBe('application/scim+json');
    expect((await scim('GET', '/ResourceTypes')).json.Resources.map((one: { id: string }) => one.id)).toEqual(
      ['User', 'Group'],
    );
    expect((await scim('GET', '/Schemas')).json.totalResults).toBe(2);
    // What Entra ID asks when somebody tests the connection.
    const none = await scim('GET', `/Users?filter=userName+eq+%22${crypto.randomUUID()}%22`);
    expect(none.json).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      ...{ totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] },
    });
    const refused = {
      missing: await scim('GET', `/Users/${UNKNOWN}`),
      stranger: await scim('GET', '/Users', undefined, `sk-or-v1-${'0'.repeat(64)}`),
      api: await scim('POST', '/Users', { userName: email() }, gateway.apiKey),
      filter: await scim('GET', '/Users?filter=userName%20is%20%22x%22'),
    };
    expect(Object.values(refused).map(({ status, json }) => [status, json.status, json.schemas])).toEqual(
      [404, 401, 403, 400].map((status) => [
        status,
        String(status),
        ['urn:ietf:params:scim:api:messages:2.0:Error'],
      ]),
    );
    expect(refused.filter.json.scimType).toBe('invalidFilter');
  });

  test('a user is made once, read, found, replaced and deleted', async () => {
    const address = email();
    // Okta's documentation of SCIM 2.0, "Create the User".
    const okta = {
      schemas: [USER],
      userName: address,
      name: { givenName: 'Test', familyName: 'User' },
      emails: [{ primary: true, value: address, type: 'work' }],
      displayName: 'Test User',
      locale: 'en-US',
      externalId: '00ujl29u0le5T6Aj10h7',
      groups: [],
      password: '1mz050nq',
      active: true,
    };
    const made = await scim('POST', '/Users', okta);
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      ...{ userName: address, externalId: okta.externalId, name: okta.name, active: true, groups: [] },
      meta: { resourceType: 'User' },
    });
    expect(made.headers.get('location')).toBe(made.json.meta.location);
    expect(made.text).not.toContain(okta.password);
    const stored = await gateway.database.db.selectFrom('scim_user').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain(okta.password);
    const again = await scim('POST', '/Users', { ...okta, userName: address.toUpperCase() });
    expect([again.status, again.json.scimType]).toEqual([409, 'uniqueness']);
    const { id } = made.json;
    const find = async (filter: string) =>
      (await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)).json.Resources.map(
        (user: { id: string }) => user.id,
      );
    expect(await find(`userName eq "${address.toUpperCase()}"`)).toEqual([id]);
    expect(await find(`externalId eq "${okta.externalId}" and active eq true`)).toEqual([id]);
    expect(await find(`emails[type eq "work" and value eq "${address}"]`)).toEqual([id]);
    expect(await find(`emails.value sw "${address.slice(0, 12)}" and not (active eq false)`)).toEqual([id]);
    expect(await find(`${USER}:name.familyName co "SER" and externalId pr`)).toEqual([id]);
    expect(await find('externalId eq "00UJL29U0LE5T6AJ10H7"')).toEqual([]);
    const replaced = await scim('PUT', `/Users/${id}`, {
      schemas: [USER],
      id,
      userName: address,
      active: true,
    });
    expect(replaced.json.name).toBeUndefined();
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204);
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(404);
    expect(await find(`userName eq "${address}"`)).toEqual([]);
    for (const wrong of [{}, { userName: '' }, { userName: 7 }, { userName: 'no address' }, []])
      expect([wrong, (await scim('POST', '/Users', wrong)).status]).toEqual([wrong, 400]);
  });

  test.each([
    ['Okta, without a path', { op: 'replace', value: { active: false } }],
    ['Entra ID, as a text', { op: 'Replace', path: 'active', value: 'False' }],
    ['Entra ID, by its name in the schema', { op: 'Replace', path: `${USER}:active`, value: false }],
    ['OneLogin, in any case', { op: 'REPLACE', path: 'Active', value: 'false' }],
    ['Entra ID, adding', { op: 'Add', path: 'active', value: 'False' }],
  ])('deprovisioning ends membership, sessions and keys in one step: %s', async (_, operation) => {
    const { visitor, email: address, id: userId } = await member();
    const id = await provision(address);
    const own = await visitor.post('/api/dashboard/keys', { name: 'mine' });
    const key = String(own.body['key']);
    const child = (await call('POST', '/key/children', { name: 'agent' }, key)).json.key;
    expect([await chat(key), await chat(child)]).toEqual([200, 200]);
    const done = await patch(`/Users/${id}`, operation);
    expect([done.status, done.json.active]).toEqual([200, false]);
    expect([await chat(key), await chat(child)]).toEqual([403, 403]);
    expect(await visitor.session()).toBeNull();
    const { json } = await call('GET', '/organization/members?limit=100');
    expect(json.data.map((row: { id: string }) => row.id)).not.toContain(userId);
    const events = await gateway.database.db
      .selectFrom('audit_event')
      .selectAll()
      .where('target', '=', userId)
      .where('action', '=', 'member.removed')
      .execute();
    expect(events).toMatchObject([{ actor_kind: 'management_key' }]);
    // Let in again they are a member again, and their keys stay as they are.
    expect((await patch(`/Users/${id}`, { op: 'replace', value: { active: true } })).json.active).toBe(true);
    expect((await visitor.signIn({ email: address, password: PASSWORD })).status).toBe(200);
    expect(await visitor.session()).not.toBeNull();
    expect(await chat(key)).toBe(403);
  });

  test('whoever is deactivated, or taken out of a group, while other things of them are written stays out', async () => {
    const place = await workspace();
    const [admins, others] = [await group(), await group()];
    await map(admins, place, 'admin');
    await map(others, place, 'member');
    for (let round = 0; round < 8; round += 1) {
      const { email: address, id: userId } = await member();
      const id = await provision(address);
      await patch(`/Groups/${admins}`, { op: 'add', path: 'members', value: [{ value: id }] });
      const moved = await Promise.all([
        patch(`/Groups/${admins}`, { op: 'remove', path: `members[value eq "${id}"]` }),
        patch(`/Groups/${others}`, { op: 'add', path: 'members', value: [{ value: id }] }),
      ]);
      expect(moved.map(({ status }) => status)).toEqual([200, 200]);
      expect((await rolesIn(place))[userId]).toBe('member');

      const written = await Promise.all([
        patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'Countess' }),
        patch(`/Users/${id}`, { op: 'replace', value: { active: false } }),
        patch(`/Users/${id}`, { op: 'replace', path: 'displayName', value: 'Ada' }),
      ]);
      expect(written.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect((await scim('GET', `/Users/${id}`)).json.active).toBe(false);
      expect((await rolesIn(place))[userId]).toBeUndefined();
    }
    for (const id of [admins, others]) await scim('DELETE', `/Groups/${id}`);
  });

  test('whoever is deleted at the identity provider is out too, and so is whoever is replaced by somebody inactive', async () => {
    for (const end of [
      (id: string) => scim('DELETE', `/Users/${id}`),
      (id: string, userName: string) => scim('PUT', `/Users/${id}`, { userName, active: false }),
    ]) {
      const { visitor, email: address } = await member();
      await end(await provision(address), address);
      expect(await visitor.session()).toBeNull();
    }
    // The last owner stays, or nobody could let anybody in again.
    const id = await provision('olivia@example.com');
    const refused = await patch(`/Users/${id}`, { op: 'replace', value: { active: false } });
    expect([refused.status, refused.json.status]).toEqual([409, '409']);
    expect((await scim('GET', `/Users/${id}`)).json.active).toBe(true);
    expect(await owner.session()).not.toBeNull();
  });

  test('attributes are changed by paths as Entra ID writes them', async () => {
    const address = email();
    const id = await provision(address, { emails: [] });
    const answer = await patch(
      `/Users/${id}`,
      { op: 'Add', path: 'emails[type eq "work"].value', value: address },
      {
        op: 'Replace',
        value: { displayName: 'Ada L.', 'name.givenName': 'Ada', 'name.familyName': 'Lovelace' },
      },
      {
        op: 'Add',
        path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
        value: 'Engines',
      },
      { op: 'Replace', path: 'externalId', value: 'a-1' },
      { op: 'Replace', path: 'title', value: null },
    );
    expect(answer.json).toMatchObject({
      ...{ displayName: 'Ada L.', name: { givenName: 'Ada', familyName: 'Lovelace' }, externalId: 'a-1' },
      emails: [{ type: 'work', value: address }],
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Engines' },
    });
    for (const wrong of [
      { op: 'move', path: 'active', value: true },
      { op: 'replace', path: 'emails[', value: 'x' },
      { op: 'replace', path: '__proto__.polluted', value: 'x' },
      { op: 'replace', value: 'active' },
      { op: 'remove' },
      { op: 'replace', path: 'active', value: 'perhaps' },
      { op: 'remove', path: 'userName' },
    ]) {
      const refused = await patch(`/Users/${id}`, wrong);
      expect([wrong, refused.status]).toEqual([wrong, 400]);
    }
    expect((await scim('PATCH', `/Users/${id}`, { Operations: [] })).status).toBe(400);
    expect((await scim('GET', `/Users/${id}`)).json).toMatchObject({ active: true, userName: address });
  });

  test('members of groups come and go one by one, however a client says it, and the others stay', async () => {
    const [a, b, c] = [await provision(email()), await provision(email()), await provision(email())];
    const id = await group([a]);
    await patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: b }] });
    await patch(`/Groups/${id}`, { op: 'Add', path: 'members', value: [{ value: c }, { value: b }] });
    expect((await membersOf(id)).sort()).toEqual([a, b, c].sort());
    // Okta.
    await patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${a}"]` });
    expect((await membersOf(id)).sort()).toEqual([b, c].sort());
    // Entra ID.
    await patch(`/Groups/${id}`, { op: 'Remove', path: 'members', value: [{ value: b }] });
    expect(await membersOf(id)).toEqual([c]);
    // Okta, "Push now" of an empty group.
    await patch(`/Groups/${id}`, { op: 'replace', path: 'members', value: [] });
    expect(await membersOf(id)).toEqual([]);
    await patch(`/Groups/${id}`, { op: 'add', value: { members: [{ value: a }, { value: b }] } });
    await patch(`/Groups/${id}`, { op: 'remove', path: 'members' });
    expect(await membersOf(id)).toEqual([]);
    // Okta, a rename: the id comes along.
    const renamed = await patch(`/Groups/${id}`, { op: 'replace', value: { id, displayName: 'Renamed' } });
    expect([renamed.json.id, renamed.json.displayName]).toEqual([id, 'Renamed']);
    const light = await scim(
      'GET',
      `/Groups?excludedAttributes=members&filter=displayName%20eq%20%22renamed%22`,
    );
    expect(light.json.Resources).toHaveLength(1);
    expect(light.json.Resources[0].members).toBeUndefined();
    const unknown = await patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: UNKNOWN }] });
    expect(unknown.status).toBe(400);
    const counted = await scim('GET', '/Users?startIndex=2&count=1');
    expect(counted.json).toMatchObject({ startIndex: 2, itemsPerPage: 1 });
    expect((await scim('GET', '/Users?count=0')).json.Resources).toEqual([]);
  });

  test('groups give roles in workspaces: the highest wins, leaving takes away, and what was given by hand stays', async () => {
    const [ada, bob] = [await member(), await member()];
    const [a, b] = [await provision(ada.email), await provision(bob.email)];
    const [team, chiefs] = [await group([a, b]), await group([a])];
    const id = await workspace();
    const made = await manager.scim.create({
      createScimGroupMappingRequest: { scimGroupId: team, workspaceId: id, role: 'member' },
    } as never);
    expect((made as { data: { role: string } }).data.role).toBe('member');
    expect(await rolesIn(id)).toEqual({ [ada.id]: 'member', [bob.id]: 'member' });
    const chief = (await map(chiefs, id, 'admin')).json.data.id;
    expect(await rolesIn(id)).toEqual({ [ada.id]: 'admin', [bob.id]: 'member' });
    const twice = await map(chiefs, id, 'admin');
    expect([twice.status, twice.json.data.id]).toEqual([201, chief]);
    expect((await map(chiefs, id, 'member')).status).toBe(409);
    const managed = await call('POST', `/workspaces/${id}/members/remove`, { user_ids: [bob.id] });
    expect([managed.status, managed.text]).toEqual([400, expect.stringContaining('identity provider')]);

    const own = await bob.visitor.post('/api/dashboard/keys', { name: 'theirs', workspace_id: id });
    const key = String(own.body['key']);
    expect(await chat(key)).toBe(200);
    await patch(`/Groups/${team}`, { op: 'remove', path: `members[value eq "${b}"]` });
    expect(await rolesIn(id)).toEqual({ [ada.id]: 'admin' });
    expect(await chat(key)).toBe(403);

    await call('POST', `/workspaces/${id}/members/add`, { user_ids: [ada.id] });
    await call('PATCH', `/scim/group-mappings/${chief}`, { role: 'member' });
    expect(await rolesIn(id)).toEqual({ [ada.id]: 'member' });
    expect((await call('DELETE', `/scim/group-mappings/${chief}`)).status).toBe(400);
    expect((await call('DELETE', `/scim/group-mappings/${chief}?keep_members=1`)).status).toBe(400);
    expect((await call('DELETE', `/scim/group-mappings/${chief}?keep_members=false`)).json).toEqual({
      deleted: true,
    });
    await scim('DELETE', `/Groups/${team}`);
    expect(await rolesIn(id)).toEqual({ [ada.id]: 'member' });
    expect((await call('GET', '/scim/group-mappings')).json.data).toEqual([]);
  });

  test('a mapping that goes may leave its people in, with the role that they have', async () => {
    const ada = await member();
    const team = await group([await provision(ada.email)]);
    const id = await workspace();
    const mapping = (await map(team, id, 'admin')).json.data.id;
    expect(await manager.scim.delete({ id: mapping, keepMembers: true } as never)).toEqual({
      deleted: true,
    } as never);
    expect(await rolesIn(id)).toEqual({ [ada.id]: 'admin' });
  });

  test('somebody whom the identity provider named first has what their groups give when they come', async () => {
    const address = email();
    const scimId = await provision(address);
    const id = await workspace();
    await map(await group([scimId]), id, 'admin');
    expect(await rolesIn(id)).toEqual({});
    // The operator vouches for the address, as a mail to it would.
    const { createInvitation } = await import('../../../src/accounts/members/invitations.ts');
    const { link } = await createInvitation(gateway.gateway.accounts, {
      ...{
        accountId: gateway.gateway.accounts.accountId,
        email: address,
        role: 'member',
        invitedByUserId: null,
      },
    });
    const visitor = new Visitor(gateway.url);
    await visitor.post('/api/auth/sign-up/email', {
      ...{ name: 'Eve', email: address, password: PASSWORD },
      invitation_token: tokenOf(link),
    });
    const userId = (await visitor.session())?.user.id ?? '';
    expect(await rolesIn(id)).toEqual({ [userId]: 'admin' });
  });

  test('a job works everything out anew: 202, then what it did; a second one while it runs is the same', async () => {
    await scim('DELETE', `/Groups/${await group()}`);
    const started = await call('POST', '/scim/sync-jobs');
    expect(started.status).toBe(202);
    expect(started.headers.get('location')).toBe(`/api/v1/scim/sync-jobs/${started.json.data.id}`);
    const read = async () => (await manager.scim.getSyncJob({ id: started.json.data.id } as never)).data;
    let job = await read();
    while (job.status === 'queued' || job.status === 'running') job = await read();
    expect(job.deletedGroups).toBeGreaterThanOrEqual(1);
    expect(job).toMatchObject({ status: 'succeeded', errorMessage: null });
    const viaSdk = (await manager.scim.createSyncJob()) as unknown as { result: { data: { id: string } } };
    expect(viaSdk.result.data.id).toHaveLength(36);
  });

  test('each declared error of groups and mappings is what the official client knows it as', async () => {
    const stranger = new OpenRouter({
      ...{ apiKey: `sk-or-v1-${'0'.repeat(64)}`, serverURL: gateway.baseUrl },
      retryConfig: { strategy: 'none' },
    });
    expect(await rejectionOf(stranger.scim.listGroups())).toBeInstanceOf(UnauthorizedResponseError);
    for (const fails of [
      () => manager.scim.read({ id: UNKNOWN } as never),
      () => manager.scim.getSyncJob({ id: UNKNOWN } as never),
      () => manager.scim.delete({ id: UNKNOWN, keepMembers: false } as never),
    ])
      expect(await rejectionOf(fails())).toBeInstanceOf(NotFoundResponseError);
    const id = await workspace();
    const team = await group();
    await map(team, id, 'member');
    const wish = (scimGroupId: string, workspaceId: string) =>
      ({ createScimGroupMappingRequest: { scimGroupId, workspaceId, role: 'admin' } }) as never;
    expect(await rejectionOf(manager.scim.create(wish(team, id)))).toBeInstanceOf(ConflictResponseError);
    expect(await rejectionOf(manager.scim.create(wish(UNKNOWN, id)))).toBeInstanceOf(NotFoundResponseError);
    expect(await rejectionOf(manager.scim.create(wish(team, UNKNOWN)))).toBeInstanceOf(NotFoundResponseError);
    const groups: { organizationId: string }[] = [];
    for await (const page of await manager.scim.listGroups({ limit: 1 })) groups.push(...page.result.data);
    expect(new Set(groups.map((one) => one.organizationId))).toEqual(
      new Set([gateway.gateway.accounts.accountId]),
    );
    for await (const page of await manager.scim.listMappings({ limit: 1 }))
      expect(page.result.totalCount).toBeGreaterThanOrEqual(1);
    expect((await call('GET', '/scim/groups', undefined, gateway.apiKey)).status).toBe(403);
  });
});
