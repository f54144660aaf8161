/** The tree checks itself, so that review can be about ideas. The rules are in tidy.ts; here each proves it can fail. */
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { rules, type Tree } from './tidy.ts';

const root = join(import.meta.dir, '..');

/** These two must be able to say what the rules look for. */
const SELF = new Set(['test/tidy.ts', 'test/tidy.test.ts']);

const TEXT = '{ts,tsx,mjs,js,css,html,sql,md,sh,yaml,yml,json}';
const PATTERNS = [
  '*.md',
  '.ci/*',
  '.github/**/*.{md,yml}',
  `{src,test,scripts,bench,dashboard,docs}/**/*.${TEXT}`,
];

async function readTree(): Promise<Tree> {
  const paths = PATTERNS.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: root, dot: true })])
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !SELF.has(path) && !path.includes('node_modules/'));
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await Bun.file(join(root, path)).text()] as const)),
  );
}

describe('this tree', async () => {
  const tree = await readTree();
  test.each(Object.entries(rules))('%s', (_name, rule) => {
    expect(rule(tree).map(({ path, problem }) => `${path} ${problem}`)).toEqual([]);
  });
});

/** What the rule says of a tree made of these files. */
function complaints(rule: string, files: Record<string, string>): string[] {
  const find = rules[rule];
  if (find === undefined) throw new Error(`there is no rule "${rule}"`);
  return find(new Map(Object.entries(files))).map(({ path }) => path);
}

const empty = '';

interface Case {
  rule: string;
  breaks: Record<string, string>;
  at: string;
  keeps: Record<string, string>;
}

const cases: Case[] = [
  {
    rule: 'imports name files that exist',
    breaks: { 'src/a.ts': "import { b } from './b.ts';" },
    at: 'src/a.ts',
    keeps: { 'src/a.ts': "import { b } from './b.ts';\nimport { z } from 'zod';", 'src/b.ts': empty },
  },
  {
    rule: 'the small tools import nothing of ours',
    breaks: { 'src/money.ts': "import type { A } from './a.ts';", 'src/a.ts': empty },
    at: 'src/money.ts',
    keeps: { 'src/money.ts': "import { z } from 'zod';" },
  },
  {
    rule: 'only the edge imports the edge',
    breaks: {
      'src/inference/complete.ts': "import { b } from '../http/body.ts';",
      'src/http/body.ts': empty,
    },
    at: 'src/inference/complete.ts',
    keeps: { 'src/inference/routes.ts': "import { b } from '../http/body.ts';", 'src/http/body.ts': empty },
  },
  {
    rule: 'storage imports only storage, the small tools and types',
    breaks: {
      'src/keys/store.ts': "import {\n  a,\n  type B,\n} from './keys.ts';",
      'src/keys/keys.ts': empty,
    },
    at: 'src/keys/store.ts',
    keeps: {
      'src/keys/store.ts':
        "import type { A } from './keys.ts';\nimport { d } from '../storage/database.ts';\nimport { m } from '../money.ts';",
      'src/keys/keys.ts': empty,
      'src/storage/database.ts': empty,
      'src/money.ts': empty,
    },
  },
  {
    rule: 'providers know neither edge, storage, catalogue, prices nor metering',
    breaks: {
      'src/providers/openai/usage.ts': "import type { C } from '../../pricing/cost.ts';",
      'src/pricing/cost.ts': empty,
    },
    at: 'src/providers/openai/usage.ts',
    keeps: {
      'src/pricing/cost.ts': "import type { U } from '../providers/provider.ts';",
      'src/providers/provider.ts': empty,
    },
  },
  {
    rule: 'routes.ts and store.ts stay in their folder',
    breaks: { 'src/keys/keys.ts': "import { a } from '../auth/store.ts';", 'src/auth/store.ts': empty },
    at: 'src/keys/keys.ts',
    keeps: {
      'src/app.ts': "import { a } from './auth/store.ts';",
      'src/cli/keys.ts': "import { a } from '../auth/store.ts';",
      'src/auth/authenticate.ts': "import { a } from './store.ts';",
      'src/keys/keys.test.ts': "import { a } from '../auth/store.ts';",
      'src/auth/store.ts': empty,
    },
  },
  {
    rule: 'folders do not import each other in a circle, not even types',
    breaks: {
      'src/a/a.ts': "import type { B } from '../b/b.ts';",
      'src/b/b.ts': "import { C } from '../c/c.ts';",
      'src/c/c.ts': "import type { A } from '../a/a.ts';",
    },
    at: 'src/a',
    keeps: {
      'src/a/a.ts': "import type { B } from '../b/b.ts';\nimport { own } from './own.ts';",
      'src/a/own.ts': empty,
      'src/b/b.ts': "import { C } from '../c.ts';",
      'src/c.ts': "import type { A } from './a/a.ts';",
      'src/b/b.test.ts': "import type { A } from '../a/a.ts';",
    },
  },
  {
    rule: 'hono is known to http/ and app.ts only',
    breaks: { 'src/inference/routes.ts': "import type { Context } from 'hono';" },
    at: 'src/inference/routes.ts',
    keeps: {
      'src/http/cors.ts': "import { cors } from 'hono/cors';",
      'src/app.ts': "import { Hono } from 'hono';",
    },
  },
  {
    rule: 'database libraries are known to storage only',
    breaks: { 'src/inference/complete.ts': "const db = await import('bun:sqlite');" },
    at: 'src/inference/complete.ts',
    keeps: {
      'src/keys/store.ts': "import { sql } from 'kysely';",
      'src/storage/postgres.ts': "import pg from 'pg';",
      'src/cli/backup.ts': "import { Database } from 'bun:sqlite';",
      'src/keys/keys.test.ts': "import { Database } from 'bun:sqlite';",
    },
  },
  {
    rule: 'two files make outgoing requests',
    breaks: { 'src/catalogue/sync.ts': 'const answer = await fetch(url, { headers: read(name) });' },
    at: 'src/catalogue/sync.ts',
    keeps: {
      'src/upstream/fetch-fallback.ts': 'export const send = (request: Request) => fetch(request);',
      'src/app.ts':
        '// fetch(url) is for the transport\nBun.serve({ fetch(request: Request): Response { return app.fetch(request); } });',
      'src/keys/keys.test.ts': 'await fetch(server.url);',
    },
  },
  {
    rule: 'two files make outgoing requests',
    breaks: { 'src/credits/stripe.ts': "import { request } from 'node:https';" },
    at: 'src/credits/stripe.ts',
    keeps: { 'src/credits/stripe.ts': "import { lookup } from 'node:dns';" },
  },
  {
    rule: 'two files make outgoing requests',
    breaks: { 'src/credits/stripe.ts': 'globalThis.fetch(url)' },
    at: 'src/credits/stripe.ts',
    keeps: { 'src/credits/stripe.ts': 'transport.fetch(url); prefetch(url)' },
  },
  {
    rule: 'packages that call out by themselves are known to one folder each',
    breaks: { 'src/oauth/metadata.ts': "const { betterFetch } = await import('@better-fetch/fetch');" },
    at: 'src/oauth/metadata.ts',
    keeps: {
      'src/accounts/better-auth.ts': "import { betterAuth } from 'better-auth';",
      'src/mail/smtp.ts': "import nodemailer from 'nodemailer';",
      'src/oauth/routes.test.ts': "import { betterFetch } from '@better-fetch/fetch';",
    },
  },
  {
    rule: 'one file opens sockets',
    breaks: {
      'src/upstream/fetch-fallback.ts':
        'const socket = await Bun.connect<Data>({ hostname, port, socket: {} });',
    },
    at: 'src/upstream/fetch-fallback.ts',
    keeps: {
      'src/upstream/connection.ts': 'await Bun.connect({ hostname, port, socket: {} });',
      'src/upstream/pool.ts': '// Bun.connect is for the connection\nclient.connect(); database.connect();',
      'src/upstream/pool.test.ts': 'await Bun.connect({ hostname, port, socket: {} });',
    },
  },
  {
    rule: 'the dashboard imports from app to features to shared, and no feature another',
    breaks: {
      'dashboard/features/keys/keys-page.tsx': "import { l } from '../logs/log.ts';",
      'dashboard/features/logs/log.ts': empty,
    },
    at: 'dashboard/features/keys/keys-page.tsx',
    keeps: {
      'dashboard/app/router.tsx': "const page = import('../features/keys/keys-page.tsx');",
      'dashboard/features/keys/keys-page.tsx':
        "import { a } from './api/list-keys.ts';\nimport { b } from '../../shared/button.tsx';",
      'dashboard/features/keys/api/list-keys.ts': empty,
      'dashboard/shared/button.tsx': empty,
    },
  },
  {
    rule: 'the dashboard imports from app to features to shared, and no feature another',
    breaks: { 'dashboard/shared/a.ts': "import { b } from '../app/b.ts';", 'dashboard/app/b.ts': empty },
    at: 'dashboard/shared/a.ts',
    keeps: { 'dashboard/shared/a.ts': "import { useId } from 'react';" },
  },
  {
    rule: 'the dashboard imports from app to features to shared, and no feature another',
    breaks: {
      'dashboard/shared/a.ts': "import { member } from '../../src/people/answers.ts';",
      'src/people/answers.ts': empty,
    },
    at: 'dashboard/shared/a.ts',
    keeps: {
      'dashboard/shared/a.ts':
        "import type { Member } from '../../src/people/answers.ts';\nimport { b } from '../../src/time-zone.ts';",
      'src/people/answers.ts': empty,
      'src/time-zone.ts': empty,
    },
  },
  {
    rule: 'every file is reached from src/main.ts',
    breaks: { 'src/main.ts': "import './a.ts';", 'src/a.ts': empty, 'src/b.ts': "import './a.ts';" },
    at: 'src/b.ts',
    keeps: {
      'src/main.ts': "import { a } from './a/a.ts';",
      'src/a/a.ts': "export type { B } from './b.ts';\nnew Worker(new URL('./worker.ts', import.meta.url));",
      'src/a/b.ts': empty,
      'src/a/worker.ts': "const c = await import('./c.ts');",
      'src/a/c.ts': empty,
      'src/a/a.test.ts': empty,
      'src/a/__fixtures__/answer.json': '{}',
      'src/storage/migrations/0001-ground.sql': empty,
      'src/storage/migrations/sql.d.ts': empty,
    },
  },
  {
    rule: 'every file is reached from src/main.ts',
    breaks: { 'src/app.ts': empty },
    at: 'src/main.ts',
    keeps: { 'src/main.ts': empty },
  },
  {
    rule: 'no file is longer than 500 lines',
    breaks: { 'src/a.ts': 'a;\n'.repeat(501) },
    at: 'src/a.ts',
    keeps: { 'src/a.ts': 'a;\n'.repeat(500), 'src/a.test.ts': 'a;\n'.repeat(501) },
  },
  {
    rule: 'nothing is left for later',
    breaks: { 'bench/main.ts': 'a;\n// TODO: more' },
    at: 'bench/main.ts:2',
    keeps: { 'src/a.ts': "mkdtemp('turnpike-XXXXXX')", 'src/__fixtures__/a.json': 'TODO' },
  },
  {
    rule: 'no test is switched off',
    breaks: { 'src/a.test.ts': "test.concurrent.skip('a', () => {});" },
    at: 'src/a.test.ts:1',
    keeps: { 'src/a.test.ts': "test.each(cases)('a', () => stream.skip(1));" },
  },
  {
    rule: 'pages are waited for by the debugger',
    breaks: { 'test/e2e/pages/a.test.ts': "await page.waitForFunction('isReady');" },
    at: 'test/e2e/pages/a.test.ts:1',
    keeps: { 'test/e2e/pages/a.test.ts': "await until(page, 'isReady');" },
  },
  {
    rule: 'no path of one machine',
    breaks: { 'test/harness.ts': "const data = '/home/jane/turnpike';" },
    at: 'test/harness.ts:1',
    keeps: {
      'src/scim/routes.ts': "'/Users/:id'; '/Users/' + id; '/api/v1/work/items'; 'https://a.example/home/b'",
    },
  },
];

describe('each rule can fail', () => {
  test.each(cases.map((each) => [each.rule, each.at, each] as const))(
    '%s (%s)',
    (rule, at, { breaks, keeps }) => {
      expect(complaints(rule, breaks)).toEqual([at]);
      expect(complaints(rule, keeps)).toEqual([]);
    },
  );

  test('no rule is without such a case', () => {
    expect(Object.keys(rules).filter((rule) => !cases.some((each) => each.rule === rule))).toEqual([]);
  });
});
