import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Page } from 'playwright-core';
import {
  accessibilityProblems,
  bringAxe,
  closeBrowser,
  openPage,
  PHONE,
  screenshot,
  TABLET,
  type TestPage,
  WIDE,
} from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { account } from './account.ts';
import { appsAsking } from './apps-asking.ts';
import { appsInUse } from './apps-in-use.ts';
import { budgets } from './budgets.ts';
import { byok } from './byok.ts';
import { creditPages } from './credits.ts';
import { figurePages } from './figures.ts';
import { guardrails } from './guardrails.ts';
import { keyPages } from './keys.ts';
import { logs } from './logs.ts';
import { models } from './models.ts';
import { notifications } from './notifications.ts';
import { NOTHING, nothingLoads, openStage, type PageState, type Stage } from './page-states.ts';
import { playground } from './playground.ts';
import { records } from './records.ts';
import { settings } from './settings.ts';
import { trustedPrograms } from './trusted-programs.ts';
import { wayIn } from './way-in.ts';
import { workspacePages } from './workspaces.ts';

/** A new page adds its states to one of these, or a list of its own. */
const STATES: readonly PageState[] = [
  ...wayIn,
  ...appsAsking,
  ...account,
  ...settings,
  ...workspacePages,
  ...notifications,
  ...trustedPrograms,
  ...budgets,
  ...byok,
  ...creditPages,
  ...guardrails,
  ...keyPages,
  ...logs,
  ...figurePages,
  ...models,
  ...records,
  ...playground,
  ...appsInUse,
];

const TIMEOUT_MS = 60_000;

/** A page, and what answers it. */
interface Seat {
  readonly stage: Stage;
  opened: TestPage;
}

let bench: TestGateway;
/** One for nearly all of them: scripts that are cached need not be read again. */
let shared: Seat;
beforeAll(async () => {
  bench = await startGateway();
  // Built before a browser waits for it, which has less patience.
  await bench.gateway.preparePages();
  shared = { stage: openStage(bench), opened: await openInspected() };
  await shared.opened.page.goto(`${shared.stage.url}/sign-in`, { timeout: 2 * TIMEOUT_MS });
}, 3 * TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  shared?.stage[Symbol.dispose]();
  await bench?.stop();
});

/** The pages ask again, after one second and after two more, for what failed like this: dashboard/app/main.tsx. */
const isAskedAgain = ({ answers }: PageState) =>
  Object.values(answers).some((answer) => 'json' in answer && (answer.status ?? 200) >= 502);
const named = (states: readonly PageState[]) => states.map((state) => [state.name, state] as const);

describe('every page is for everybody, wide and narrow, light and dark', () => {
  test.each(named(STATES.filter((state) => !isAskedAgain(state))))(
    '%s',
    (_, state) => lookFrom(shared, state),
    TIMEOUT_MS,
  );

  // All of them wait at once.
  test.concurrent.each(named(STATES.filter(isAskedAgain)))(
    '%s',
    async (_, state) => {
      using stage = openStage(bench);
      const seat = { stage, opened: await openInspected() };
      await lookFrom(seat, state);
      await seat.opened[Symbol.asyncDispose]();
    },
    3 * TIMEOUT_MS,
  );
});

async function lookFrom(seat: Seat, state: PageState): Promise<void> {
  try {
    await lookAt(seat, state);
  } catch (error) {
    if (!seat.opened.page.isClosed()) throw error;
    // Every hundred pages or so Chromium itself goes down; a page that brings it down does so twice.
    console.warn(`Chromium went down at ${state.name}`);
    seat.opened = await openInspected();
    await lookAt(seat, state);
  }
}

async function openInspected(): Promise<TestPage> {
  const inspected = await openPage();
  await bringAxe(inspected.page);
  return inspected;
}

async function lookAt({ stage, opened }: Seat, state: PageState): Promise<void> {
  const { page, complaints } = opened;
  const { name } = state;
  // What the page before still has to say is its own. From a page of the same site the browser goes on in the same process.
  await page.goto(`${stage.url}${NOTHING}`);
  complaints.length = 0;
  stage.answers = state.answers;
  await page.emulateMedia({ colorScheme: 'light' });
  await show(page, `${stage.url}${state.path}`, state, WIDE);
  await screenshot(page, `${name}-wide-light`);
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await widthProblems(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  await screenshot(page, `${name}-wide-dark`);
  expect(await accessibilityProblems(page, ['color-contrast'])).toEqual([]);

  await page.setViewportSize(TABLET);
  await screenshot(page, `${name}-tablet-dark`);
  expect(await widthProblems(page)).toEqual([]);

  await page.setViewportSize(PHONE);
  if (name.endsWith('-menu')) await state.act?.(page);
  await screenshot(page, `${name}-phone-dark`);
  expect(await widthProblems(page)).toEqual([]);
  expect(await accessibilityProblems(page, ['target-size'])).toEqual([]);
  await page.emulateMedia({ colorScheme: 'light' });
  await screenshot(page, `${name}-phone-light`);
  expect(complaints.filter((line) => !state.isBroken || line.startsWith('policy'))).toEqual([]);
}

async function show(page: Page, url: string, state: PageState, size: typeof WIDE): Promise<void> {
  await page.setViewportSize(size);
  await page.goto(url);
  await page.locator('h1').first().waitFor();
  await state.act?.(page);
  if (state.shows !== undefined) await page.getByText(state.shows).first().waitFor();
  await nothingLoads(page);
}

const SETTLES_MS = 5000;

/** A page that must be pushed sideways hides things. What measures itself (a chart) hears of a new width a moment later. */
async function widthProblems(page: Page): Promise<string[]> {
  const endMs = performance.now() + SETTLES_MS;
  while (true) {
    const [needed, given] = (await page.evaluate(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    )) as [number, number];
    if (needed <= given) return [];
    if (performance.now() > endMs) return [`needs ${needed} pixels of ${given}`];
    await page.waitForTimeout(50);
  }
}
