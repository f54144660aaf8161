/** The declared policy of workspaces, each person held to each line of it; and what becomes of keys when their makers become less. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { callerOf } from '../../call.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { PEOPLE, type PersonKind, POLICY, type Verdict } from './policy.ts';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  let owner: Visitor;
  let people: Record<PersonKind, Visitor>;
  const ids = new Map<PersonKind, string>();
  let bystander: { visitor: Visitor; id: string };
  let workspaceId: string;

  const call = callerOf(() => gateway);
  const join = async (role: 'member' | 'admin' = 'member') => {
    const email = `${crypto.randomUUID()}@example.com`;
    const visitor = await signUpMember(gateway, owner, { email, password: 'correct horse battery', role });
    return { visitor, id: (await visitor.session())?.user.id ?? '' };
  };
  const chat = async (key: string) =>
    (
      await call(
        'POST',
        '/chat/completions',
        { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] },
        key,
      )
    ).status;
  const slug = () => `w-${crypto.randomUUID().slice(0, 8)}`;
  const makeWorkspace = async (): Promise<string> =>
    (await call('POST', '/workspaces', { name: 'W', slug: slug() })).json.data.id;
  /** With the people of the table in it, and a key that the bystander made. */
  const furnish = async (): Promise<{ id: string; hash: string }> => {
    const id = await makeWorkspace();
    const user_ids = [ids.get('workspace member'), ids.get('workspace admin'), bystander.id];
    await call('POST', `/workspaces/${id}/members/add`, { user_ids });
    await owner.send('PATCH', `/api/dashboard/workspaces/${id}/members/${ids.get('workspace admin')}`, {
      role: 'admin',
    });
    const made = await bystander.visitor.post('/api/dashboard/keys', { name: 'theirs', workspace_id: id });
    return { id, hash: String(made.body['hash']) };
  };

  beforeAll(async () => {
    gateway = await startGateway({ engine, config: { figures: { tags: ['project'] } } });
    owner = await signUpOwner(gateway);
    const joined = {
      outsider: await join(),
      'workspace member': await join(),
      'workspace admin': await join(),
      'organisation admin': await join('admin'),
    };
    bystander = await join();
    for (const [kind, { id }] of Object.entries(joined)) ids.set(kind as PersonKind, id);
    people = {
      owner,
      outsider: joined.outsider.visitor,
      'workspace member': joined['workspace member'].visitor,
      'workspace admin': joined['workspace admin'].visitor,
      'organisation admin': joined['organisation admin'].visitor,
    };
    workspaceId = (await furnish()).id;
  });
  afterAll(() => gateway?.stop());

  test('the policy names every route of a workspace', () => {
    const routes = gateway.gateway.routes
      .filter(({ access, path }) => access === 'session' && path.startsWith('/api/dashboard/workspaces'))
      .map(({ method, path }) => `${method} ${path}`);
    expect(routes.filter((name) => !Object.hasOwn(POLICY, name))).toEqual([]);
    const known = new Set(gateway.gateway.routes.map(({ method, path }) => `${method} ${path}`));
    expect(Object.keys(POLICY).filter((name) => !known.has(name))).toEqual([]);
  });

  /** The id of a tag's budget or of a rate limit that is made there; empty: the path asks for none. */
  async function limitOf(id: string, path: string, name: string): Promise<string> {
    if (!path.includes(name)) return '';
    const [at, body] =
      name === ':budgetId'
        ? ['tag-budgets', { tag: 'project', interval: 'monthly', limit_usd: 5 }]
        : ['rate-limits', { subject: 'api_key', requests_per_minute: 5 }];
    return (await call('POST', `/workspaces/${id}/${at}`, body)).json.data.id;
  }

  async function verdictOn(person: PersonKind, name: string, body: object | undefined): Promise<Verdict> {
    const [method = '', path = ''] = name.split(' ');
    const { id, hash } = await furnish();
    const filled = path
      .replace(':id', id)
      .replace(':hash', hash)
      .replace(':userId', bystander.id)
      .replace(':interval', 'daily')
      .replace(':budgetId', await limitOf(id, path, ':budgetId'))
      .replace(':limitId', await limitOf(id, path, ':limitId'));
    const text = JSON.stringify(body ?? {})
      .replace('SLUG', slug())
      // Whoever is to be removed has no key here.
      .replace('USER', ids.get('workspace member') ?? '')
      .replace('WORKSPACE', id);
    if (method === 'DELETE' && path.endsWith('workspaces/:id'))
      await call('PATCH', `/keys/${hash}`, { disabled: true });
    const { status } = await people[person].sendRaw(method, filled, text);
    if (status === 403) return 'refused';
    if (status === 404 || status === 400) return 'hidden';
    if (status >= 300) throw new Error(`${person}: ${name} answers ${status}`);
    return 'may';
  }

  test.each(PEOPLE.map((person) => [person] as const))(
    'the policy holds for: %s',
    async (person) => {
      const verdicts: Record<string, Verdict> = {};
      const expected: Record<string, Verdict> = {};
      for (const [name, { body, verdicts: declared }] of Object.entries(POLICY)) {
        verdicts[name] = await verdictOn(person, name, body);
        expected[name] = declared[person];
      }
      expect(verdicts).toEqual(expected);
    },
    120_000,
  );

  test('each person lists the workspaces that are theirs, with their role, and the keys that they reach', async () => {
    const rolesOf = async (person: PersonKind) => {
      const { body } = await people[person].get('/api/dashboard/workspaces');
      const rows = body['list'] as { id: string; role: string; is_default: boolean }[];
      return rows.filter(({ id, is_default }) => id === workspaceId || is_default).map(({ role }) => role);
    };
    expect(await rolesOf('outsider')).toEqual(['member']);
    expect(await rolesOf('workspace member')).toEqual(['member', 'member']);
    expect(await rolesOf('workspace admin')).toEqual(['member', 'admin']);
    expect(await rolesOf('organisation admin')).toEqual(['admin', 'admin']);
    const keysOf = async (person: PersonKind) => {
      const { body } = await people[person].get(`/api/dashboard/keys?workspace_id=${workspaceId}`);
      return (body['list'] as { name: string }[]).map(({ name }) => name);
    };
    expect(await keysOf('workspace member')).toEqual([]);
    expect(await keysOf('workspace admin')).toEqual(['theirs']);
    expect(await keysOf('organisation admin')).toEqual(['theirs']);
  });

  test('an admin of a workspace does not touch what is kept of its prompts, nor make management keys', async () => {
    const admin = people['workspace admin'];
    const path = `/api/dashboard/workspaces/${workspaceId}`;
    expect((await admin.send('PATCH', path, { is_observability_io_logging_enabled: true })).status).toBe(403);
    expect((await admin.post('/api/dashboard/management-keys', { name: 'm' })).status).toBe(403);
  });

  test('an admin who becomes a member: their management key stops, and so do their keys where they no longer work', async () => {
    const { visitor, id } = await join('admin');
    const elsewhere = await makeWorkspace();
    const management = String(
      (await visitor.post('/api/dashboard/management-keys', { name: 'm' })).body['key'],
    );
    const inDefault = String((await visitor.post('/api/dashboard/keys', { name: 'd' })).body['key']);
    const made = await visitor.post('/api/dashboard/keys', { name: 'e', workspace_id: elsewhere });
    const inOther = String(made.body['key']);
    const verdicts = async () => [
      (await call('GET', '/workspaces', undefined, management)).status,
      await chat(inDefault),
      await chat(inOther),
    ];
    expect(await verdicts()).toEqual([200, 200, 200]);
    await owner.send('PATCH', `/api/dashboard/members/${id}`, { role: 'member' });
    expect(await verdicts()).toEqual([403, 200, 403]);
    // Where they are let in again they work again.
    await call('POST', `/workspaces/${elsewhere}/members/add`, { user_ids: [id] });
    expect(await verdicts()).toEqual([403, 200, 200]);
    await owner.send('DELETE', `/api/dashboard/members/${id}`);
    expect(await verdicts()).toEqual([403, 403, 403]);
    const left = await gateway.database.db
      .selectFrom('workspace_member')
      .selectAll()
      .where('user_id', '=', id)
      .execute();
    expect(left).toEqual([]);
  });

  test('an invitation into a workspace makes its user a member there, in the role that it names', async () => {
    const invited = await owner.post('/api/dashboard/invitations', {
      ...{ email: 'ivy@example.com', role: 'member', workspace_id: workspaceId, workspace_role: 'admin' },
    });
    expect(invited.body).toMatchObject({ workspace_id: workspaceId, workspace_role: 'admin' });
    const visitor = new Visitor(gateway.url);
    await visitor.post('/api/auth/sign-up/email', {
      ...{ name: 'Ivy', email: 'ivy@example.com', password: 'correct horse battery' },
      invitation_token: tokenOf(String(invited.body['link'])),
    });
    await visitor.session();
    expect((await visitor.get(`/api/dashboard/workspaces/${workspaceId}`)).body['role']).toBe('admin');
    for (const body of [{ workspace_id: 'x' }, { workspace_id: workspaceId, workspace_role: 'owner' }])
      expect((await owner.post('/api/dashboard/invitations', body)).status).toBe(400);
    const unknown = { workspace_id: '01890000-0000-7000-8000-000000000000' };
    expect((await owner.post('/api/dashboard/invitations', unknown)).status).toBe(400);
  });
});
