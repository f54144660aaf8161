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
const SMALL = { model: 'small-2026', requests: 20, input: 200, output: 100, nanoUsd: 0 };
const REASON = { model: 'reason-2026', requests: 10, input: 100, output: 50, nanoUsd: 0 };
for (let n = 1; n <= COUNT; n += 1) (n % 3 === 0 ? REASON : SMALL).nanoUsd += n;

const line = (model: string, { requests, input, output, nanoUsd }: typeof SMALL) =>
  `2026-11-01,${model},${requests},${input},${output},0.${String(nanoUsd).padStart(9, '0')}`;
type NamedFile = readonly [name: string, text: string | Uint8Array];

interface Refusal {
  readonly message: string;
}

/** OpenAI's export of usage, of the projects told. */
const usage = (...rows: readonly (readonly [project: string, amounts: typeof SMALL])[]) =>
  [
    'start_time,end_time,start_time_iso,end_time_iso,input_tokens,output_tokens,num_model_requests,project_id,user_id,api_key_id,model,batch,input_cached_tokens',
    ...rows.map(
      ([project, { requests, input, output, model }]) =>
        `1793491200,1793577600,2026-11-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,${input},${output},${requests},${project},,,${model},,`,
    ),
  ].join('\n');

/** An answer of OpenAI's usage API, of one day. */
const page = (start: string, hasMore: boolean, ...rows: readonly (typeof SMALL)[]) =>
  JSON.stringify({
    object: 'page',
    data: [
      {
        ...{ object: 'bucket', start_time: Number(start), end_time: Number(start) + 86_400 },
        results: rows.map(({ requests, input, output, model }) => ({
          ...{ object: 'organization.usage.completions.result', input_tokens: input, output_tokens: output },
          ...{ num_model_requests: requests, project_id: null, model },
        })),
      },
    ],
    ...{ has_more: hasMore, next_page: hasMore ? 'page_AAAAAGdGxdEiJdKOAAAAAGcqsYA=' : null },
  });

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
      ...{
        provider: 'acme',
        from: '2026-11-01',
        to: '2026-11-01',
        formats: ['plain CSV'],
        warnings: [],
        notes: [],
      },
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

  const postFiles = async (...files: readonly NamedFile[]) => {
    const form = new FormData();
    for (const [name, text] of files) form.append('file', new File([text as string], name));
    const answer = await fetch(`${gateway.baseUrl}/reconcile?provider=acme`, {
      ...{ method: 'POST', body: form, headers: { authorization: `Bearer ${gateway.managementKey}` } },
    });
    return { status: answer.status, ...((await answer.json()) as Partial<Answer> & { error?: Refusal }) };
  };
  const data = async (...files: readonly NamedFile[]) => {
    const answer = await postFiles(...files);
    if (answer.data === undefined) throw new Error(JSON.stringify(answer));
    return answer.data;
  };

  test('files of two projects are one bill, and what both of two files have counts once and is told', async () => {
    const [shop, lab] = [usage(['proj_shop', SMALL]), usage(['proj_lab', REASON])];
    const both = usage(['proj_shop', SMALL], ['proj_lab', REASON]);
    const apart = await data(['shop.csv', shop], ['lab.csv', lab]);
    expect(apart).toMatchObject({ agrees: true, notes: [], warnings: [], findings: [] });
    expect(apart.files).toEqual([
      { name: 'shop.csv', format: 'OpenAI, usage', lines: 1, repeated_lines: 0 },
      { name: 'lab.csv', format: 'OpenAI, usage', lines: 1, repeated_lines: 0 },
    ]);
    // The same twice, a part of another, and the whole after its part.
    for (const files of [
      [
        ['shop.csv', shop],
        ['lab.csv', lab],
        ['shop.csv', shop],
      ],
      [
        ['all.csv', both],
        ['shop.csv', shop],
      ],
      [
        ['shop.csv', shop],
        ['all.csv', both],
      ],
    ] as const) {
      const told = await data(...files);
      expect(told).toMatchObject({ agrees: true, warnings: [], findings: [] });
      expect(told.notes).toEqual([expect.stringContaining('1 lines of shop.csv')]);
      expect(told.files.map(({ repeated_lines }) => repeated_lines).sort()).toEqual(
        files.map((_, at) => Number(at === files.length - 1)),
      );
    }
  });

  test('a day that two files tell differently of one project is warned of, and files that name no project are noted', async () => {
    const half = { ...SMALL, requests: 5, input: 50, output: 25 };
    const told = await data(
      ['until-noon.csv', usage(['proj_shop', half])],
      ['whole.csv', usage(['proj_shop', SMALL], ['proj_lab', REASON])],
    );
    expect(told.agrees).toBe(false);
    expect(told.warnings).toEqual([
      expect.stringContaining('whole.csv and until-noon.csv tell different amounts of the same project'),
    ]);
    const rest = { ...SMALL, requests: 15, input: 150, output: 75, nanoUsd: 0 };
    const unnamed = await data(
      ['a.csv', [HEAD, line('small-2026', { ...half, nanoUsd: SMALL.nanoUsd })].join('\n')],
      ['b.csv', [HEAD, line('small-2026', rest), line('reason-2026', REASON)].join('\n')],
    );
    expect(unnamed).toMatchObject({ findings: [], warnings: [], agrees: true });
    expect(unnamed.notes).toEqual([
      expect.stringContaining(
        'b.csv and a.csv tell of the same days and models without saying of which project',
      ),
    ]);
  });

  test('pages of a usage API may come in files, in any order, one after the other, or as a list', async () => {
    const [first, second] = [page('1793404800', true), page('1793491200', false, SMALL, REASON)];
    for (const files of [
      [
        ['1.json', first],
        ['2.json', second],
      ],
      [
        ['2.json', second],
        ['1.json', first],
      ],
      [['all.json', `${JSON.stringify(JSON.parse(first), null, 2)}\n${second}`]],
      [['all.json', `[${first},${second}]`]],
      [['all.jsonl', `${second}\n${first}\n${second}\n`]],
    ] as const)
      expect(await data(...files)).toMatchObject({ agrees: true, warnings: [], findings: [] });
    expect((await data(['1.json', first])).warnings).toEqual([
      expect.stringContaining('The bill says that it has more pages'),
    ]);
  });

  /** As spreadsheets leave them in their countries. */
  const german = RIGHT.replaceAll(',', ';').replaceAll('.', ',').replaceAll('2026-11-01', '01.11.2026');
  test.each<[string, string | Uint8Array]>([
    ['semicolons and decimal commas', german],
    ['and the line that says so', `\uFEFFsep=;\r\n${german.replaceAll('\n', '\r\n')}`],
    ['UTF-16, with tabs', Buffer.from(`\uFEFF${RIGHT.replaceAll(',', '\t')}`, 'utf16le')],
    ['UTF-16, the other way round', Buffer.from(`\uFEFF${RIGHT}`, 'utf16le').swap16()],
    ['line ends of an old Mac', RIGHT.replaceAll('\n', '\r')],
    [
      'names of columns for people',
      RIGHT.replace(HEAD, 'Day,Model,Requests,Input Tokens,Output tokens,Cost (USD)'),
    ],
    [
      'a currency before or behind',
      RIGHT.replaceAll(/(0\.\d+)$/gm, '$1 USD').replace(/0\.\d+ USD/, 'US$$$&'),
    ],
    ['days with slashes', RIGHT.replaceAll('2026-11-01', '2026/11/1')],
  ])('a bill that a spreadsheet saved agrees as well: %s', async (_, text) => {
    expect(await data(['bill.csv', text])).toMatchObject({ agrees: true, bill_lines: 2, findings: [] });
  });

  test.each([
    ['thousands in quotes', `${HEAD}\n2026-11-02,small-2026,"1,234","1,234,567",1,"$1,234.56"`],
    [
      'thousands with points',
      `${HEAD}\n2026-11-02,small-2026,1.234,1.234.567,1,"1.234,56"`.replaceAll(
        /,(?=[^"]*(?:"[^"]*"[^"]*)*$)/g,
        ';',
      ),
    ],
    [
      'thousands with spaces',
      `${HEAD.replaceAll(',', ';')}\n2026-11-02;small-2026;1 234;1\u202f234\u00a0567;1;1 234,56`,
    ],
  ])('%s are read for what they are', async (_, text) => {
    const { totals } = await data(['bill.csv', text]);
    const billed = Object.fromEntries(totals.map(({ name, bill }) => [name, bill]));
    expect(billed).toMatchObject({ requests: '1234', prompt: '1234567', cost: '1234.56' });
  });

  test.each([
    [
      'a cost of two readings',
      `${HEAD.replaceAll(',', ';')}\n2026-11-01;small-2026;1;1;1;1.234`,
      'can be read two ways: "1.234"',
    ],
    ['a day of two readings', `${HEAD}\n11/1/2026,small-2026,1,1,1,1`, 'has no day: "11/1/2026"'],
    ['another currency', `${HEAD}\n2026-11-01,small-2026,1,1,1,€1.5`, 'is no amount in USD'],
    ['no head', '2026-11-01,small-2026,1,1,1,1', 'line 1: is the head of no known bill'],
  ])('%s is refused, with the file and the line', async (_, text, message) => {
    const answer = await postFiles(['right.csv', RIGHT], ['wrong.csv', text]);
    expect([answer.status, answer.error?.message]).toEqual([
      400,
      expect.stringMatching(/^wrong\.csv: line [12]: .*/),
    ]);
    expect(answer.error?.message).toContain(message);
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
    const form = new FormData();
    form.append('file', new File([usage(['proj_shop', SMALL])], 'shop.csv'));
    form.append('file', new File([usage(['proj_lab', REASON])], 'lab.csv'));
    const answer = await fetch(`${gateway.url}/api/dashboard/reconcile?provider=acme`, {
      ...{ method: 'POST', body: form },
      headers: { ...owner.changing(), cookie: owner.cookieHeader },
    });
    expect(await answer.json()).toMatchObject({
      data: { agrees: true, files: [{ lines: 1 }, { lines: 1 }] },
    });
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
    const twice = await command('acme', right, right);
    expect(twice.code).toBe(0);
    expect(twice.stdout).toContain('note: 2 lines of');
    expect(twice.stdout).toContain('were counted once: 2026-11-01');
    expect((await command('acme', join(dir, 'none.csv'))).code).toBe(1);
    expect((await command('acme')).code).toBe(2);
    expect((await command('nobody', right)).code).toBe(2);
  });
});
