/** A browser in which a visitor is signed in. */
import type { BrowserContextOptions } from 'playwright-core';
import type { Visitor } from '../../accounts.ts';
import { openPage, type TestPage } from '../../browser.ts';

/** The first page of all waits until the dashboard is built. */
const TIMEOUT_MS = 120_000;

export async function openAs(
  { url }: { url: string },
  visitor: Visitor,
  path: string,
  options: BrowserContextOptions = {},
): Promise<TestPage> {
  const opened = await openPage(options);
  const cookies = [...visitor.cookies].map(([name, value]) => ({ name, value, url }));
  await opened.page.context().addCookies(cookies);
  await opened.page.goto(`${url}${path}`, { timeout: TIMEOUT_MS });
  return opened;
}
