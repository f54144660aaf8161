/** A key that somebody brought is in no answer, log, metric, record or byte of the database, whatever way an error takes. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { turnpike } from '../../turnpike.ts';
import { ByokRig } from './rig.ts';

const CANARY = 'sk-canary-Zq7+/wX9_4bK2mN8vT3rY6pL1aQ5';
const bytes = Buffer.from(CANARY);
/** The ways in which somebody may write it. */
const FORMS = [
  CANARY,
  CANARY.slice(3),
  encodeURIComponent(CANARY),
  bytes.toString('base64').slice(0, -4),
  bytes.toString('base64url').slice(0, -4),
  bytes.toString('hex'),
  Buffer.from(`Bearer ${CANARY}`).toString('base64').slice(12, -4),
  JSON.stringify(CANARY).slice(1, -1).replaceAll('/', '\\/'),
  [...CANARY].reverse().join(''),
];

let rig: ByokRig;
const answers: string[] = [];
beforeAll(async () => {
  rig = await ByokRig.start();
});
afterAll(() => rig?.[Symbol.asyncDispose]());

function mustBeClean(text: string, where: string): void {
  for (const form of FORMS)
    if (text.includes(form)) throw new Error(`${where} has it as ${form.slice(0, 6)}…`);
}

async function asked(more: object = {}): Promise<void> {
  const answer = await rig
    .ask(more)
    .catch((error: unknown) => ({ text: String(error), headers: new Headers() }));
  answers.push(answer.text, JSON.stringify([...answer.headers]));
}

const ECHOES: readonly object[] = [
  {
    status: 401,
    body: { error: { message: `Incorrect API key provided: ${CANARY}.`, code: 'invalid_api_key' } },
  },
  {
    status: 403,
    body: { error: { message: `key ${encodeURIComponent(CANARY)}`, code: CANARY, type: CANARY } },
  },
  {
    status: 400,
    body: { error: { message: `bad header Bearer ${bytes.toString('base64')}`, param: CANARY } },
  },
  { status: 429, body: { error: { message: `limit of ${CANARY}` } }, headers: { 'retry-after': '1' } },
  { status: 500, body: `<html><body>${CANARY} ${bytes.toString('hex')}</body></html>` },
  { status: 502, body: `${CANARY} `.repeat(250_000) },
  { garbage: 'html' },
  { status: 400, body: { error: { message: `{\\"authorization\\":\\"Bearer ${CANARY}\\"}` } } },
  { redirect: `http://127.0.0.1:9/?key=${encodeURIComponent(CANARY)}` },
  { headers: { 'x-request-id': CANARY, 'openai-organization': CANARY, server: CANARY } },
  { errorAfterChunks: 1 },
];

test('through making, use, every error of its provider, a test and its end', async () => {
  const made = await rig.call('POST', '/byok', {
    provider: 'acme',
    key: CANARY,
    name: 'Canary',
    is_required: true,
  });
  answers.push(made.text);
  const { id } = made.json.data;
  await asked();
  expect(rig.seen()).toEqual([`small-2026 ${CANARY}`]);
  for (const behaviour of ECHOES)
    for (const stream of [false, true]) {
      rig.gateway.provider.script({ behaviour });
      rig.gateway.anHourLater();
      await asked({ stream });
    }
  for (const behaviour of ECHOES.slice(0, 9)) {
    rig.gateway.provider.script({ behaviour });
    answers.push((await rig.call('POST', `/byok/${id}/test`, {})).text);
  }
  expect(rig.seen().length).toBeGreaterThan(20);
  for (const body of [
    { key: `${CANARY} `.repeat(3) },
    { key: [CANARY] },
    { allowed_models: CANARY },
    { is_byok_only: CANARY },
    { base_url: `https://user:${encodeURIComponent(CANARY)}@example.com` },
  ])
    answers.push((await rig.call('PATCH', `/byok/${id}`, body)).text);
  for (const provider of ['azure', 'amazon-bedrock', 'google-vertex', 'openai'])
    for (const key of [
      `{"${CANARY}": 1}`,
      `[{"api_key": "${CANARY}"}]`,
      `{"accessKeyId": "${CANARY}", "region": "${CANARY}"}`,
      `{"type": "${CANARY}", "private_key": "${CANARY}"}`,
      `{"api_key": "${CANARY}", "region": "${CANARY}"`,
    ])
      answers.push((await rig.call('POST', '/byok', { provider, key })).text);
  answers.push((await rig.call('GET', '/byok')).text, (await rig.call('GET', `/byok/${id}`)).text);
  answers.push(await (await fetch(`${rig.gateway.url}/metrics`)).text());
  const generations = await rig.gateway.database.db.selectFrom('generations').selectAll().execute();
  expect(generations.length).toBeGreaterThan(5);
  answers.push((await rig.call('GET', '/exports/generations')).text.slice(0, 1_000_000));

  for (const [index, text] of answers.entries()) mustBeClean(text, `answer ${index}: ${text.slice(0, 300)}`);
  for (const line of rig.gateway.logLines) mustBeClean(line, `the log: ${line.slice(0, 300)}`);

  await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(rig.gateway.database.db).catch(() => undefined);
  const backup = join(rig.gateway.dataDir, 'backup.sqlite');
  await turnpike({ dataDir: rig.gateway.dataDir }, 'backup', backup);
  let files = 0;
  for (const name of readdirSync(rig.gateway.dataDir, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    files += 1;
    mustBeClean(readFileSync(join(name.parentPath, name.name)).toString('latin1'), name.name);
  }
  expect(files).toBeGreaterThan(1);
  expect((await rig.call('DELETE', `/byok/${id}`)).json).toEqual({ deleted: true });
});
