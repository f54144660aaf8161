/** A provider's bill against the ledger, as an operator, a program and a page ask for it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ReconciliationJson } from '../../../src/reconcile/answers.ts';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { configText, makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { turnpike } from '../../turnpike.ts';
import { addGenerations, readCsv } from '../exports/rig.ts';

interface Answer {
  readonly data: ReconciliationJson;
}

const MEMBER = { email: 'max@example.com', password: 'another horse battery' };
const COUNT = 30;
/** `addGenerations`: two of three by one model, the third by another; n nano-USD each. */
const SMALL = { requests: 20, input: 200, output: 100, nanoUsd: 0 };
const REASON = { requests: 10, input: 100, output: 50, nanoUsd: 0 };
for (let n = 1; n <= COUNT; n += 1) (n % 3 === 0 ? REASON : SMALL).nanoUsd += n;

const line = (model: string, { requests, input, output, nanoUsd }: typeof SMALL) =>
  `2026-11-01,${model},${requests},${input},${output},0.${String(nanoUsd).padStart(9, '0')}`;
const HEAD = 'day,model,requests,input_tokens,output_tokens,cost_usd';
const RIGHT = [HEAD, line('small-2026', SMALL), line('reason-2026', REASON)].join('\n');
const WRONG = [HEAD, line('small-2026', { ...SMALL, output: 1100 }), line('reason-2026', REASON)].join('\n');
const HOSTILE = `${RIGHT}\n2026-11-01,"=HYPERLINK(""http://x.example"")",1,1,1,0.5\n`;

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  let owner: Visitor;
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    const { id: accountId } = await gateway.database.db
      .selectFrom('account')
      .select('id')
      .executeTakeFirstOrThrow();
    const { hash } = await makeKey(gateway, { name: 'Key' });
    await addGenerations(gateway.database, { accountId, keyHash: hash, count: COUNT });
    owner = await signUpOwner(gateway);
  });
  afterAll(() => gateway?.stop());

  const post = (query: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.baseUrl}/reconcile${query}`, {
      ...{ method: 'POST', body },
      headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'text/csv', ...headers },
    });

  test('a bill that agrees leaves nothing unexplained, and says what was compared', async () => {
    const answer = await post('?provider=acme', RIGHT);
    expect(answer.status).toBe(200);
    const { data } = (await answer.json()) as Answer;
    expect(data).toMatchObject({
      ...{ provider: 'acme', from: '2026-11-01', to: '2026-11-01', formats: ['plain CSV'], warnings: [] },
      ...{ bill_lines: 2, generations: COUNT, agrees: true, findings: [] },
    });
    expect(data.totals).toContainEqual({
      ...{ name: 'cost', bill: '0.000000465', ledger: '0.000000465', difference: '0' },
    });
  });

  test('one that does not is told by day, model and amount', async () => {
    const { data } = (await (await post('?provider=acme', WRONG)).json()) as Answer;
    expect(data.agrees).toBe(false);
    expect(data.findings).toMatchObject([
      { kind: 'tokens', is_explained: false, rows: 1, amounts: { output: '1000' } },
    ]);
    const off = data.rows.filter((row) => row.findings.length > 0);
    expect(off).toMatchObject([{ day: '2026-11-01', model: 'acme/small', bill_models: ['small-2026'] }]);
  });

  test('as CSV each amount has a line, and no name is a formula', async () => {
    const answer = await post('?provider=acme&format=csv', HOSTILE);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const text = await answer.text();
    const rows = readCsv(text);
    expect(rows).toContainEqual(
      expect.objectContaining({
        model: 'acme/small',
        amount: 'output',
        bill: '100',
        ledger: '100',
        difference: '0',
      }),
    );
    const [hostile] = rows.filter(({ why }) => why === 'unknown_model');
    expect(hostile?.['model']).toBe('\'=hyperlink("http://x.example")'.replace('hyperlink', 'HYPERLINK'));
  });

  test('whoever wants to know is told how far it is, and then the same', async () => {
    const answer = await post('?provider=acme&from=2026-10-31&to=2026-11-02', RIGHT, {
      accept: 'application/x-ndjson',
    });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(lines.slice(0, -1).map(({ progress }) => progress)).toEqual([
      { days: 1, days_in_all: 3, generations: 0 },
      { days: 2, days_in_all: 3, generations: COUNT },
      { days: 3, days_in_all: 3, generations: COUNT },
    ]);
    expect(lines.at(-1).data).toMatchObject({ agrees: true, from: '2026-10-31', to: '2026-11-02' });
  });

  test.each([
    ['', RIGHT, 'provider: is missing'],
    ['?provider=nobody', RIGHT, 'provider: there is none of that name'],
    ['?provider=acme&provider=acme', RIGHT, 'provider: is given more than once'],
    ['?provider=acme&zone=Mars', RIGHT, 'zone: is no time zone'],
    ['?provider=acme&from=2026-02-30', RIGHT, 'from: is no day'],
    ['?provider=acme&from=2026-11-02', RIGHT, 'to: is before the first day'],
    ['?provider=acme&from=2020-01-01', RIGHT, 'to: at most 400 days'],
    ['?provider=acme&format=pdf', RIGHT, 'format: must be one of json, csv'],
    ['?provider=acme', '', 'The bill is empty'],
    ['?provider=acme', `${HEAD}\n2026-11-01,m,x,1,1,1`, 'line 2: requests is no count: "x"'],
  ])('%j is refused with what is wrong', async (query, body, message) => {
    for (const accept of ['application/json', 'application/x-ndjson']) {
      const answer = await post(query, body, { accept });
      expect(answer.status).toBe(400);
      expect(((await answer.json()) as { error: { message: string } }).error.message).toContain(message);
    }
  });

  test('an admin’s page may ask, and a member’s may not', async () => {
    const member = await signUpMember(gateway, owner, MEMBER);
    const ask = async (visitor: Visitor) =>
      (await visitor.send('POST', '/api/dashboard/reconcile?provider=acme', {})).status;
    // An object is no bill.
    expect(await ask(owner)).toBe(400);
    expect(await ask(member)).toBe(403);
  });

  test('the command says the same, and ends with 0 only when nothing is unexplained', async () => {
    const dir = dirname(gateway.dataDir);
    const [right, wrong] = [join(dir, 'right.csv'), join(dir, 'wrong.csv')];
    writeFileSync(right, RIGHT);
    writeFileSync(wrong, WRONG);
    const { masterKey, databaseUrl } = gateway.config;
    const config = join(dir, `reconcile-${engine}.json`);
    const { providers, models } = configText(gateway.provider);
    writeFileSync(config, JSON.stringify({ providers, models }));
    const env = {
      TURNPIKE_CONFIG: config,
      TURNPIKE_MASTER_KEY: Buffer.from(masterKey).toString('base64'),
      ...(databaseUrl === null ? {} : { TURNPIKE_DATABASE_URL: databaseUrl }),
    };
    const command = (...args: string[]) => turnpike({ dataDir: gateway.dataDir, env }, 'reconcile', ...args);
    const well = await command('acme', right);
    expect(well).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing is unexplained.') });
    const ill = await command('acme', wrong);
    expect(ill.code).toBe(1);
    expect(ill.stdout).toContain('! tokens: +1000 output (other counts of tokens)');
    const json = await command('acme', wrong, '--format', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ agrees: false, findings: [{ kind: 'tokens' }] });
    expect((await command('acme', join(dir, 'none.csv'))).code).toBe(1);
    expect((await command('acme')).code).toBe(2);
    expect((await command('nobody', right)).code).toBe(2);
  });
});
