/**
 * The rules that `tidy.test.ts` holds the tree to, as pure functions from files to complaints. ARCHITECTURE.md says why
 * imports point the way they do; here it is only enforced.
 */

/** Path from the project's root, with forward slashes -> content. */
export type Tree = ReadonlyMap<string, string>;

export interface Complaint {
  path: string;
  problem: string;
}

interface Import {
  specifier: string;
  /** The project file it names; undefined for a package and for a file that does not exist. */
  target: string | undefined;
  isTypeOnly: boolean;
}

const MAX_LINES = 500;
const SMALL_TOOLS = new Set(
  ['errors', 'clock', 'deadlines', 'ids', 'json', 'money', 'program', 'time-zone'].map(
    (name) => `src/${name}.ts`,
  ),
);
/** To the providers of the operator's configuration, and to addresses that people type in. */
const OUTGOING = new Set(['src/upstream/fetch-fallback.ts', 'src/egress/guarded-get.ts']);
/** Packages that call out by themselves, and the folder that alone knows each. */
const CALLERS = new Map([
  ['nodemailer', 'src/mail/'],
  ['better-auth', 'src/accounts/'],
  ['@better-auth', 'src/accounts/'],
  ['@better-fetch', 'src/accounts/'],
  ['@ai-sdk', 'src/providers/ai-sdk/'],
  ['stripe', 'src/billing/'],
  ['@aws-sdk', 'src/secrets/'],
  ['@google-cloud', 'src/secrets/'],
]);
const OPENS_SOCKETS = 'src/upstream/connection.ts';
const COMPOSITION = /^src\/(app\.ts|apply-secrets\.ts|open-spending\.ts|cli\/)/;
const CODE = /\.(?:[cm]?[jt]s|tsx)$/;
const TEST = /\.test\.tsx?$/;
/** Recorded bytes of others, which keep whatever they contain. */
const FIXTURE = /(?:^|\/)(?:__)?fixtures(?:__)?\//;

const isProduct = (path: string): boolean =>
  /^src\/.*\.tsx?$/.test(path) && !TEST.test(path) && !FIXTURE.test(path);
const isEdge = (path: string): boolean =>
  /^src\/(?:http|cli)\//.test(path) ||
  /^src\/(?:app|gateway|main)\.ts$/.test(path) ||
  /\/routes\.ts$/.test(path);
const isStorage = (path: string): boolean => path.startsWith('src/storage/') || /[/-]store\.ts$/.test(path);

/** Every rule by name; each gives one complaint for each thing to mend. */
export const rules: Readonly<Record<string, (tree: Tree) => Complaint[]>> = {
  'imports name files that exist': (tree) =>
    eachImport(tree, (_path, { specifier, target }) =>
      isRelative(specifier) && target === undefined
        ? `imports ${specifier}, which does not exist`
        : undefined,
    ),

  'the small tools import nothing of ours': (tree) =>
    eachImport(tree, (path, { target }) =>
      SMALL_TOOLS.has(path) && target !== undefined
        ? `imports ${target}, but errors, clock, deadlines, ids, json, money, program and time-zone stand on nothing`
        : undefined,
    ),

  'only the edge imports the edge': (tree) =>
    eachImport(tree, (path, { target }) =>
      target !== undefined && isEdge(target) && !isEdge(path)
        ? `imports ${target}: only http/, routes.ts, cli/, app.ts, gateway.ts and main.ts may know the edge`
        : undefined,
    ),

  'storage imports only storage, the small tools and types': (tree) =>
    eachImport(tree, (path, { target, isTypeOnly }) =>
      isStorage(path) &&
      target !== undefined &&
      !isTypeOnly &&
      !target.startsWith('src/storage/') &&
      !SMALL_TOOLS.has(target)
        ? `imports ${target}: a store asks no rule; let the service that loads through it ask`
        : undefined,
    ),

  'providers know neither edge, storage, catalogue, prices nor metering': (tree) =>
    eachImport(tree, (path, { target }) =>
      path.startsWith('src/providers/') &&
      target !== undefined &&
      /^src\/(?:http|storage|catalogue|pricing|metering)\//.test(target)
        ? `imports ${target}: an adapter translates, it knows neither prices nor rows`
        : undefined,
    ),

  'routes.ts and store.ts stay in their folder': (tree) =>
    eachImport(tree, (path, { target }) => {
      const folder =
        target === undefined
          ? undefined
          : /^(src\/[^/]+\/).*?(?:routes|(?:[a-z]+-)*store)\.ts$/.exec(target)?.[1];
      return folder !== undefined && !path.startsWith(folder) && !COMPOSITION.test(path)
        ? `imports ${target}: folders reach each other through services or domain types`
        : undefined;
    }),

  'folders do not import each other in a circle, not even types': circles,

  'hono is known to http/ and app.ts only': (tree) =>
    eachImport(tree, (path, { specifier }) =>
      packageOf(specifier) === 'hono' && !/^src\/(?:http\/|app\.ts$)/.test(path)
        ? `imports ${specifier}: only src/http/ and src/app.ts know the framework`
        : undefined,
    ),

  'database libraries are known to storage only': (tree) =>
    eachImport(tree, (path, { specifier }) =>
      ['kysely', 'pg', 'bun:sqlite'].includes(packageOf(specifier)) &&
      !isStorage(path) &&
      path !== 'src/cli/backup.ts'
        ? `imports ${specifier}: only src/storage/ and store.ts files speak to a database`
        : undefined,
    ),

  'two files make outgoing requests': (tree) =>
    eachProduct(tree, (path, content) => {
      if (OUTGOING.has(path)) return [];
      const complaints = importsOf(path, content, tree)
        .filter(({ specifier }) =>
          /^(?:node:)?(?:https?|http2)$|^(?:undici|axios|got|node-fetch)$/.test(specifier),
        )
        .map(
          ({ specifier }) =>
            `imports ${specifier}: outgoing requests go through ${[...OUTGOING].join(' or ')}`,
        );
      return callsFetch(path, content)
        ? [...complaints, `calls fetch: outgoing requests go through ${[...OUTGOING].join(' or ')}`]
        : complaints;
    }),

  'packages that call out by themselves are known to one folder each': (tree) =>
    eachImport(tree, (path, { specifier }) => {
      const home = CALLERS.get(packageOf(specifier));
      return home !== undefined && !path.startsWith(home)
        ? `imports ${specifier}: only ${home} may, or its requests would go past what is checked here`
        : undefined;
    }),

  'one file opens sockets': (tree) =>
    eachProduct(tree, (path, content) =>
      path !== OPENS_SOCKETS && /\bBun\s*\.\s*connect\b/.test(codeOf(path, content, 'connect'))
        ? [`calls Bun.connect: connections are opened by ${OPENS_SOCKETS}`]
        : [],
    ),

  'the dashboard imports from app to features to shared, and no feature another': (tree) =>
    [...tree]
      .filter(([path]) => /^dashboard\/.*\.tsx?$/.test(path))
      .flatMap(([path, content]) =>
        importsOf(path, content, tree)
          .map((found) => dashboardProblem(path, found))
          .filter((problem) => problem !== undefined)
          .map((problem) => ({ path, problem })),
      ),

  'every file is reached from src/main.ts': unreachable,

  [`no file is longer than ${MAX_LINES} lines`]: (tree) =>
    eachProduct(tree, (_path, content) => {
      const lines = content.replace(/\n$/, '').split('\n').length;
      return lines > MAX_LINES
        ? [`has ${lines} lines: find the noun hiding in it and give that noun a file`]
        : [];
    }),

  'nothing is left for later': (tree) =>
    eachLine(tree, (line) => {
      const marker = /\b(?:TODO|FIXME|XXX|HACK)\b/.exec(line)?.[0];
      return marker === undefined ? undefined : `says ${marker}: do it, or open an issue`;
    }),

  'no test is switched off': (tree) =>
    eachLine(tree, (line, path) => {
      const call = TEST.test(path)
        ? /\b(?:test|it|describe)(?:\.\w+)*\.(?:only|skip|todo)\b/.exec(line)?.[0]
        : undefined;
      return call === undefined ? undefined : `uses ${call}: every test runs, every time`;
    }),

  'pages are waited for by the debugger': (tree) =>
    eachLine(tree, (line) =>
      /\.waitForFunction\(/.test(line)
        ? 'has the page evaluate a text, which its policy forbids as soon as there is something to wait for: until() of test/browser.ts'
        : undefined,
    ),

  'no path of one machine': (tree) =>
    eachLine(tree, (line) => {
      const path =
        /(?<![\w.*})\]/-])(?:file:\/\/)?(?:\/(?:home|Users|root|work)\/[\w.-]+|[A-Z]:\\Users\\)/.exec(
          line,
        )?.[0];
      return path === undefined ? undefined : `names ${path}, which exists on one machine only`;
    }),
};

/** By folder right below src/; files that stand there themselves belong to none. */
function circles(tree: Tree): Complaint[] {
  const imports = new Map<string, Map<string, string>>();
  for (const [path, content] of tree) {
    const from = folderOf(path);
    if (from === null || !isProduct(path)) continue;
    for (const { target } of importsOf(path, content, tree)) {
      const to = target === undefined || FIXTURE.test(target) ? null : folderOf(target);
      if (to === null || to === from) continue;
      const named = imports.get(from) ?? new Map<string, string>();
      if (!named.has(to)) named.set(to, `${path} imports ${target}`);
      imports.set(from, named);
    }
  }
  const told = new Set<string>();
  return [...imports].flatMap(([from, named]) => {
    const circle = [...named].find(([to]) => reaches(imports, to, from));
    // A circle is told once, at the folder that was read first.
    if (circle === undefined || told.has(from)) return [];
    for (const folder of imports.keys())
      if (reaches(imports, from, folder) && reaches(imports, folder, from)) told.add(folder);
    const [to, how] = circle;
    const problem = `and src/${to} import each other in a circle (${how}): move what both need below both`;
    return [{ path: `src/${from}`, problem }];
  });
}

function folderOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

function reaches(
  imports: ReadonlyMap<string, ReadonlyMap<string, string>>,
  from: string,
  to: string,
): boolean {
  const seen = new Set([from]);
  for (const folder of seen) {
    for (const next of imports.get(folder)?.keys() ?? []) seen.add(next);
  }
  return seen.has(to);
}

function eachProduct(tree: Tree, find: (path: string, content: string) => string[]): Complaint[] {
  return [...tree]
    .filter(([path]) => isProduct(path))
    .flatMap(([path, content]) => find(path, content).map((problem) => ({ path, problem })));
}

function eachImport(tree: Tree, find: (path: string, found: Import) => string | undefined): Complaint[] {
  return eachProduct(tree, (path, content) =>
    importsOf(path, content, tree)
      .map((found) => find(path, found))
      .filter((problem) => problem !== undefined),
  );
}

function eachLine(tree: Tree, find: (line: string, path: string) => string | undefined): Complaint[] {
  return [...tree]
    .filter(([path]) => !FIXTURE.test(path))
    .flatMap(([path, content]) =>
      content.split('\n').flatMap((line, index) => {
        const problem = find(line, path);
        return problem === undefined ? [] : [{ path: `${path}:${index + 1}`, problem }];
      }),
    );
}

/** What a day is, for the gateway and the dashboard alike: it imports nothing, so it brings nothing along. */
const COUNTED_BY = 'src/time-zone.ts';
const ANSWERS = /^src\/(?:[\w-]+\/)+answers\.ts$/;

function dashboardProblem(path: string, { specifier, target, isTypeOnly }: Import): string | undefined {
  if (!isRelative(specifier)) return undefined;
  if (target === undefined) return `imports ${specifier}, which does not exist`;
  const ranks = ['shared', 'features', 'app'];
  const [, layer = '', feature] = path.split('/');
  const [root, otherLayer = '', otherFeature] = target.split('/');
  if (root !== 'dashboard') {
    const isShared = target === COUNTED_BY || (isTypeOnly && ANSWERS.test(target));
    return isShared
      ? undefined
      : `imports ${target}: of the gateway the dashboard knows the types of answers (\`import type\` from an answers.ts) and ${COUNTED_BY} alone`;
  }
  if (ranks.indexOf(otherLayer) > ranks.indexOf(layer)) return `imports ${target}, which is above it`;
  return layer === 'features' && otherLayer === 'features' && feature !== otherFeature
    ? `imports ${target}: what two features need belongs in dashboard/shared/`
    : undefined;
}

/** Tests, migrations, recordings, ambient types and prose are found by other means than an import. */
function unreachable(tree: Tree): Complaint[] {
  const start = 'src/main.ts';
  if (!tree.has(start)) return [{ path: start, problem: 'does not exist, so nothing is reached from it' }];
  const reached = new Set([start]);
  for (const path of reached) {
    const content = tree.get(path) ?? '';
    if (!CODE.test(path)) continue;
    for (const { target } of importsOf(path, content, tree)) if (target !== undefined) reached.add(target);
    for (const target of filesNamedIn(path, content, tree)) reached.add(target);
  }
  return [...tree.keys()]
    .filter((path) => path.startsWith('src/') && !reached.has(path))
    .filter(
      (path) =>
        !TEST.test(path) && !FIXTURE.test(path) && !/\.(?:sql|md|d\.ts)$|\/__snapshots__\//.test(path),
    )
    .map((path) => ({
      path,
      problem: 'is not reached from src/main.ts: remove it, or move it to test/ if only tests use it',
    }));
}

/**
 * Static imports stand at the start of a line, as the formatter leaves them. `import type` and `export type` are erased
 * before the program runs; a single `type` inside braces leaves the import itself standing.
 */
function importsOf(path: string, content: string, tree: Tree): Import[] {
  const statics =
    /^(?:import|export)\s+(type\s+(?!from\b))?(?:[\w$*{][^;'"]*?\sfrom\s*)?(['"])([^'"\n]+)\2/gm;
  const dynamics = /\b(?:import|require)\(\s*(['"])([^'"\n]+)\1/g;
  const found = [
    ...[...content.matchAll(statics)].map((match) => ({
      specifier: match[3] ?? '',
      isTypeOnly: match[1] !== undefined,
    })),
    ...[...content.matchAll(dynamics)].map((match) => ({ specifier: match[2] ?? '', isTypeOnly: false })),
  ];
  return found.map((each) => ({ ...each, target: resolve(path, each.specifier, tree) }));
}

/** A worker's entry point or an embedded asset: any string that is a relative path to a file of ours. */
function filesNamedIn(path: string, content: string, tree: Tree): string[] {
  return [...content.matchAll(/(['"`])(\.{1,2}\/[^'"`\n]+)\1/g)]
    .map((match) => resolve(path, match[2] ?? '', tree))
    .filter((target) => target !== undefined);
}

function resolve(from: string, specifier: string, tree: Tree): string | undefined {
  if (!isRelative(specifier)) return undefined;
  const target = new URL(specifier, `file:///${from}`).pathname.slice(1);
  return tree.has(target) ? target : undefined;
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('./') || specifier.startsWith('../');
}

function packageOf(specifier: string): string {
  return specifier.split('/')[0] ?? specifier;
}

const transpiler = new Bun.Transpiler();

/** What is left when comments and types are gone; nothing where `word` does not occur at all, which spares the work. */
function codeOf(path: string, content: string, word: string): string {
  return content.includes(word) ? transpiler.transformSync(content, path.endsWith('x') ? 'tsx' : 'ts') : '';
}

/**
 * Looks at code alone, so that a comment may speak of fetch. A method of that name
 * is no call: its parentheses are followed by a body.
 */
function callsFetch(path: string, content: string): boolean {
  const code = codeOf(path, content, 'fetch');
  return [...code.matchAll(/(?:\b(?:globalThis|window|self|Bun)\.|(?<![\w$.#]))fetch\s*\(/g)].some(
    (match) => {
      const end = closingParenthesis(code, match.index + match[0].length);
      return !/^\s*\{/.test(code.slice(end + 1));
    },
  );
}

function closingParenthesis(code: string, start: number): number {
  let depth = 1;
  for (let at = start; at < code.length; at += 1) {
    if (code[at] === '(') depth += 1;
    if (code[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return code.length;
}
