import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { accessibilityProblems, closeBrowser, openPage, PHONE, screenshot, WIDE } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const TIMEOUT_MS = 120_000;
const STORY = join(import.meta.dir, '../../../dashboard/shared/charts/charts.story.tsx');

let bench: TestGateway;
let stage: ReturnType<typeof Bun.serve>;
/** The story with the gateway's own style and policy. */
beforeAll(async () => {
  bench = await startGateway();
  const { outputs } = await Bun.build({
    entrypoints: [STORY],
    target: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const script = (await outputs[0]?.text()) ?? '';
  const page = await fetch(`${bench.url}/sign-in`);
  const html = (await page.text()).replace(/src="\/assets\/main-[^"]+"/, 'src="/story.js"');
  const policy = page.headers.get('content-security-policy') ?? '';
  stage = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/story.js')
        return new Response(script, { headers: { 'content-type': 'text/javascript' } });
      if (pathname.startsWith('/assets/'))
        return await fetch(`${bench.url}${pathname}`, { decompress: false });
      return new Response(html, {
        headers: { 'content-type': 'text/html', 'content-security-policy': policy },
      });
    },
  });
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await stage?.stop(true);
  await bench?.stop();
});

test(
  'charts are read by keyboard, by screen reader and in both themes, wide and narrow',
  async () => {
    await using opened = await openPage();
    const { page, complaints } = opened;
    await page.goto(String(stage.url));
    const chart = page.getByRole('listbox', { name: 'Spend by day' });
    await chart.waitFor();
    await screenshot(page, 'charts-wide-light');
    expect(await accessibilityProblems(page)).toEqual([]);

    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    const looked = await chart.getAttribute('aria-activedescendant');
    const option = page.locator(`[id="${looked}"]`);
    expect(await option.getAttribute('aria-selected')).toBe('true');
    expect(await option.textContent()).toStartWith('29 November 2026: acme/small $');
    await page.getByText('Total').waitFor();
    await screenshot(page, 'charts-looked-at');
    await page.keyboard.press('Enter');
    expect(await page.title()).toBe('2026-11-29');
    await page.keyboard.press('Escape');
    await page.getByText('Total').waitFor({ state: 'detached' });

    // What the chart shows stands in its table, the gaps of a line too.
    const table = page.getByRole('table', { name: 'Latency by day' });
    expect(await table.getByRole('row').nth(1).textContent()).toBe('1 November 2026300 ms900 ms');
    expect(await table.getByRole('row').nth(11).textContent()).toBe('11 November 2026––');

    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await accessibilityProblems(page, ['color-contrast'])).toEqual([]);
    await screenshot(page, 'charts-wide-dark');
    await page.setViewportSize(PHONE);
    await screenshot(page, 'charts-phone-dark');
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a chart that has not heard of a narrower window does not widen the page',
  async () => {
    await using opened = await openPage({ viewport: WIDE });
    const { page } = opened;
    await page.addInitScript('ResizeObserver.prototype.observe = () => {}');
    await page.goto(String(stage.url));
    await page.getByRole('listbox', { name: 'Spend by day' }).waitFor();
    await page.setViewportSize(PHONE);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
  },
  TIMEOUT_MS,
);

test(
  'a bar is as high as what it stands for, and the pointer finds it',
  async () => {
    await using opened = await openPage({ viewport: WIDE });
    const { page } = opened;
    await page.goto(String(stage.url));
    const chart = page.getByRole('listbox', { name: 'Spend of one key' });
    await chart.waitFor();
    const bars = await chart.locator('rect').all();
    const heights = await Promise.all(bars.map(async (bar) => Number(await bar.getAttribute('height'))));
    // $0 on the first day, $1.75 on the second, $0.75 on the third: days without spend have no bar.
    const [first = 0, second = 1] = heights;
    expect(first / second).toBeCloseTo(1.75 / 0.75, 5);
    await chart.hover({ position: { x: 400, y: 100 } });
    await page.getByText('November 2026').filter({ visible: true }).first().waitFor();
    await page.mouse.move(0, 0);
    await chart.locator('.shadow-floating').waitFor({ state: 'detached' });
  },
  TIMEOUT_MS,
);
