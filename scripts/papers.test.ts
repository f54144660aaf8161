/** What the project's papers and its automation say of it, held against what is so. */
import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

const root = join(import.meta.dir, '..');
const read = (name: string) => Bun.file(join(root, name)).text();
const manifest = JSON.parse(await read('package.json')) as {
  version: string;
  engines: { node: string };
  scripts: Record<string, string>;
};
const papers = ['*.md', '{docs,examples,dashboard,bench,prove}/**/*.md']
  .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: root })])
  .filter((path) => !path.includes('node_modules'))
  .sort();

const VERSION = /^\d+\.\d+\.\d+$/;

test('the version has its heading in the changelog, or an unreleased one stands there, the newest first', async () => {
  const headings = [...(await read('CHANGELOG.md')).matchAll(/^## (.*)$/gm)].map(([, text = '']) => text);
  const released = headings.filter((text) => text !== 'Unreleased');
  expect(headings.lastIndexOf('Unreleased')).toBeLessThanOrEqual(0);
  // A release is `## 1.2.3 - 2026-11-20`.
  const dated = released.map((text) => /^(\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$/.exec(text));
  expect(released.filter((_, at) => dated[at] === null)).toEqual([]);
  const versions = dated.map((match) => match?.[1] ?? '');
  expect(versions).toEqual(versions.toSorted(Bun.semver.order).reverse());
  expect(manifest.version).toMatch(VERSION);
  expect(headings[0] === 'Unreleased' || headings[0]?.startsWith(`${manifest.version} - `)).toBe(true);
  expect(JSON.parse(await read('package-lock.json'))).toMatchObject({ version: manifest.version });
});

test('every link from one paper to another leads to a file, and to a heading of it', async () => {
  const broken: string[] = [];
  for (const paper of papers) {
    for (const [, target = ''] of withoutCode(await read(paper)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? paper : join(dirname(paper), path);
      const isThere = existsSync(join(root, file));
      if (!isThere || (anchor !== undefined && !(await anchorsOf(file)).has(anchor)))
        broken.push(`${paper}: ${target}`);
    }
  }
  expect(papers.length).toBeGreaterThan(10);
  expect(broken).toEqual([]);
});

test('every command of npm that a paper names is there', async () => {
  const missing: string[] = [];
  for (const paper of papers) {
    for (const [, name = ''] of (await read(paper)).matchAll(/\bnpm run ([a-z][\w:-]*)/g))
      if (manifest.scripts[name] === undefined) missing.push(`${paper}: npm run ${name}`);
  }
  expect(missing).toEqual([]);
});

/** A heading's name in a link, as the page where this is hosted makes it. */
async function anchorsOf(file: string): Promise<Set<string>> {
  const headings = withoutCode(await read(file)).matchAll(/^#+ (.*)$/gm);
  const slug = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  return new Set([...headings].map(([, text = '']) => slug(text)));
}

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, (code) => code.replaceAll('](', ''));
}

interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: Record<
    string,
    {
      readonly permissions: Record<string, string>;
      readonly strategy: { readonly matrix: { readonly node: readonly string[] } };
      readonly 'timeout-minutes': number;
      readonly steps: readonly { readonly run?: string; readonly uses?: string }[];
    }
  >;
}

test('continuous integration runs `npm test` on the oldest Node that we name, may only read, and takes actions by their commit', async () => {
  const text = await read('.github/workflows/test.yml');
  const workflow = parse(text) as Workflow;
  const job = workflow.jobs['test']!;
  expect(workflow.permissions).toEqual({});
  expect(job.permissions).toEqual({ contents: 'read' });
  expect(job.steps.map(({ run }) => run).filter(Boolean)).toEqual(['npm test']);
  const [oldest] = job.strategy.matrix.node;
  expect(manifest.engines.node).toStartWith(`^${oldest}`);
  for (const node of job.strategy.matrix.node) {
    const full = node.includes('.') ? node : `${node}.0.0`;
    expect([node, Bun.semver.satisfies(full, manifest.engines.node)]).toEqual([node, true]);
  }
  // Longer than the command gives itself, so that it can say what hangs.
  expect(job['timeout-minutes']).toBeGreaterThan(28);
  const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, used = '']) => used);
  expect(uses.filter((used) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(used))).toEqual([]);
  expect(uses.length).toBe(2);
});
