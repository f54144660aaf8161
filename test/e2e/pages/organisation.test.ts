/** An admin gives the organisation a logo and a zone, and takes its requests home as a file. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { signUpOwner, type Visitor } from '../../accounts.ts';
import { closeBrowser, until } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 180_000;
const HOUR_MS = 3_600_000;
/** A PNG of one pixel. */
const DOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let bench: TestGateway;
let owner: Visitor;
let askedAt: number;
beforeAll(async () => {
  bench = await startGateway();
  owner = await signUpOwner(bench);
  askedAt = Date.now();
  for (let asked = 0; asked < 3; asked += 1) {
    const answer = await fetch(`${bench.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    await answer.text();
  }
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await bench?.stop();
});

test(
  'a logo that is uploaded stands in the menu, what is no picture is refused with a reason, and it can be removed',
  async () => {
    await using opened = await openAs(bench, owner, '/settings/organisation');
    const { page, complaints } = opened;
    const input = page.getByLabel('Picture of the logo');
    await input.setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: DOT });
    await page.getByText('The logo is changed').waitFor();
    await until(page, "document.querySelector('header img')?.naturalWidth === 1");

    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    await input.setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: svg });
    await page.getByRole('alert').getByText('must be a PNG, a JPEG or a WebP').waitFor();
    await input.setInputFiles({
      name: 'huge.png',
      mimeType: 'image/png',
      buffer: Buffer.alloc(1024 * 1024 + 1),
    });
    await page.getByRole('alert').getByText('more than 1 MB').waitFor();

    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('The logo is removed').waitFor();
    await page.locator('header img').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'once a zone is chosen, the pages ask for days of that zone and say whose they are',
  async () => {
    await using opened = await openAs(bench, owner, '/settings/organisation');
    const { page, complaints } = opened;
    await page.getByLabel('Time zone of reports').selectOption('Asia/Kolkata');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    const asked = page.waitForRequest((request) => request.url().endsWith('/analytics/query'));
    await page.goto(`${bench.url}/activity?by=none&period=7d`);
    const { time_range } = (await asked).postDataJSON() as { time_range: { start: string; end: string } };
    // Midnight there is 18:30 in UTC, and the first whole hour after it 19:00.
    expect([time_range.start, time_range.end].map((iso) => iso.slice(10))).toEqual([
      'T19:00:00Z',
      'T19:00:00Z',
    ]);
    await page.getByText('Days and months are those of Asia/Kolkata').waitFor();
    const row = page.getByRole('table').getByRole('row', { name: /\$/ }).last();
    // What is kept is of whole hours of UTC: one belongs to the day there in which it begins, and the half hour after midnight there to the day before.
    const day = new Intl.DateTimeFormat('en-US', { dateStyle: 'full', timeZone: 'Asia/Kolkata' });
    const daysOfHours = [askedAt, Date.now()].map((ms) => day.format(Math.floor(ms / HOUR_MS) * HOUR_MS));
    const shown = await row.textContent();
    expect(daysOfHours.some((name) => shown?.includes(name))).toBe(true);
    await page.goto(`${bench.url}/exports`);
    await page.getByText('Days are those of Asia/Kolkata').waitFor();
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'an export comes as a file with every request in it, and can be broken off',
  async () => {
    await using opened = await openAs(bench, owner, '/exports');
    const { page, complaints } = opened;
    for (const [label, lines] of [
      ['CSV', 4],
      ['JSON lines', 3],
    ] as const) {
      await page.getByRole('radio', { name: label }).check();
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      const path = await (await coming).path();
      expect([label, readFileSync(path, 'utf8').trimEnd().split('\n').length]).toEqual([label, lines]);
      await page.getByText('3 requests are').waitFor();
    }
    await page.route('**/exports/generations*', () => {});
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByText('Getting ready').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('No file was saved').waitFor();

    await page.getByLabel('First day').fill('2026-02-02');
    await page.getByLabel('Last day').fill('2026-02-01');
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByText('The last day is before the first').waitFor();
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);
