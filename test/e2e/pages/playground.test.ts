/** A person in the Playground and on the Apps page, in a real browser before a real gateway. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { OWNER, signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { closeBrowser, openPage, until } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { codeOf, postJson, S256, statusWith, VERIFIER } from '../oauth/bench.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 120_000;
const SLOWLY = '!fake {"chunkDelayMs":60}';

let gateway: TestGateway;
let owner: Visitor;
beforeAll(async () => {
  gateway = await startGateway();
  owner = await signUpOwner(gateway);
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await gateway?.stop();
});

let people = 0;
async function somebodyNew(): Promise<Visitor> {
  people += 1;
  const email = `player-${people}@example.com`;
  return await signUpMember(gateway, owner, { email, password: 'staple battery horse', name: 'Max' });
}

const keyFor = async (visitor: Visitor) =>
  String((await visitor.post('/api/dashboard/keys', { name: 'Play money', limit: 1 })).body['hash']);
const box = (page: Page) => page.getByRole('textbox', { name: 'Your message' });
const answers = (page: Page) => page.getByRole('article');

test(
  'somebody signs in, asks two models, stops them, sees what it cost, and finds it in the log',
  async () => {
    await using opened = await openPage();
    const { page, complaints } = opened;
    // As OpenRouter's own address, from a bookmark.
    await page.goto(`${gateway.url}/chat?models=acme/small,acme/twice`, { timeout: TIMEOUT_MS });
    await page.getByRole('textbox', { name: 'E-mail' }).fill(OWNER.email);
    await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL(/\/playground\?/);
    await page.getByRole('button', { name: 'Make a key for it' }).click();

    await box(page).fill(`${SLOWLY}\n${'word '.repeat(400)}`);
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Answer of acme/twice' }).getByText('word').waitFor();
    await page.getByRole('article', { name: 'Answer of acme/small' }).getByText('word').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').nth(1).waitFor();
    while (gateway.provider.stats.activeStreams > 0) await Bun.sleep(5);
    for (const at of [0, 1]) await answers(page).nth(at).getByText('$0.').first().waitFor();

    await box(page).fill('A second question');
    await page.getByRole('button', { name: 'Send' }).click();
    await answers(page).nth(3).getByText('In the log').waitFor();
    await answers(page).nth(2).getByText('$0.').first().waitFor();
    // It survives a reload, and the address says which models they were.
    await page.reload();
    await page.getByText('A second question').first().waitFor();
    expect(new URL(page.url()).searchParams.get('models')).toBe('acme/small,acme/twice');
    expect(await answers(page).count()).toBe(4);

    const rows = (await owner.get('/api/dashboard/generations')).body['list'] as Record<string, unknown>[];
    expect(rows.map(({ cancelled, app_title }) => [cancelled, app_title])).toEqual([
      [false, 'Playground'],
      [false, 'Playground'],
      [true, 'Playground'],
      [true, 'Playground'],
    ]);
    await answers(page).nth(3).getByRole('link', { name: 'In the log' }).click();
    await page.getByRole('heading', { name: 'Logs' }).waitFor();
    await page.getByText('Cancelled').filter({ visible: true }).first().waitFor();
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'what a model writes stays text: no markup of its runs, no address of its is asked, and links keep to themselves',
  async () => {
    const max = await somebodyNew();
    await keyFor(max);
    await using opened = await openAs(gateway, max, '/playground?models=acme/small');
    const { page, complaints } = opened;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await box(page).fill(
      [
        'Some **bold** words <img src=x onerror="document.title=1"> <script>document.title=2</script>',
        '![pixel](https://evil.example.com/p.png?q=secret) [a](javascript:document.title=3) [b](https://b.example.com/)',
        '',
        '<iframe src="https://evil.example.com/frame"></iframe>',
        '',
        '[c](data:text/html,x) ![d](data:text/html,y) <https://auto.example.com>',
      ].join('\n'),
    );
    await page.keyboard.press('Enter');
    const answer = answers(page).first();
    await answer.getByText('In the log').waitFor();
    await answer.locator('strong', { hasText: 'bold' }).waitFor();
    expect(await answer.locator('img, script, iframe').count()).toBe(0);
    await answer.getByText('<script>document.title=2</script>').waitFor();
    expect(await page.title()).toBe('Playground · Turnpike');
    const links = await answer
      .locator('a[target]')
      .evaluateAll((all) => all.map((each) => [each.getAttribute('href'), each.getAttribute('rel')]));
    expect(links).toEqual([
      ['https://evil.example.com/p.png?q=secret', 'noopener noreferrer'],
      ['https://b.example.com/', 'noopener noreferrer'],
      ['https://auto.example.com/', 'noopener noreferrer'],
    ]);
    // Deeper than any page, or any stack: shown as it came.
    for (const [at, depth] of [200, 3000].entries()) {
      await box(page).fill(`${'> '.repeat(depth)}deep`);
      await page.keyboard.press('Enter');
      await answers(page)
        .nth(at + 1)
        .getByText('> > deep')
        .waitFor();
      expect(
        await answers(page)
          .nth(at + 1)
          .locator('blockquote')
          .count(),
      ).toBe(0);
    }
    expect(asked.filter((url) => !url.startsWith(gateway.url))).toEqual([]);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'an Enter that an input method takes sends nothing, Shift and Enter begin a line, and a draft outlives a reload',
  async () => {
    const max = await somebodyNew();
    await keyFor(max);
    await using opened = await openAs(gateway, max, '/playground?models=acme/small');
    const { page } = opened;
    await box(page).fill('にほんご');
    // As Chrome tells it, and as Safari does (https://bugs.webkit.org/show_bug.cgi?id=165004).
    for (const told of ['isComposing: true', 'isComposing: false, keyCode: 229'])
      await page.evaluate(
        `document.querySelector('form[aria-label=Message] textarea').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ${told} }))`,
      );
    await box(page).press('Shift+Enter');
    await page.keyboard.type('second line');
    expect(await answers(page).count()).toBe(0);
    expect(await box(page).inputValue()).toBe('にほんご\nsecond line');
    await page.reload();
    await until(
      page,
      "document.querySelector('form[aria-label=Message] textarea')?.value.includes('second')",
    );
    await box(page).press('Enter');
    await answers(page).first().getByText('In the log').waitFor();
    expect(await box(page).inputValue()).toBe('');
  },
  TIMEOUT_MS,
);

test(
  'a pasted picture goes along, and whoever scrolls up while an answer comes is left there',
  async () => {
    const max = await somebodyNew();
    await keyFor(max);
    await using opened = await openAs(gateway, max, '/playground?models=acme/small');
    const { page } = opened;
    await box(page).fill(`${SLOWLY}\n${'line\n\n'.repeat(120)}`);
    await page.evaluate(`(() => {
      const bytes = Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='), (c) => c.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], 'dot.png', { type: 'image/png' }));
      document.querySelector('form[aria-label=Message] textarea').dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    })()`);
    await page.getByRole('button', { name: 'Remove picture 1' }).waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    await until(page, 'document.documentElement.scrollHeight > innerHeight * 2 && scrollY > 300');
    // However far the answer has come meanwhile.
    await page.mouse.wheel(0, -1_000_000);
    await until(page, 'scrollY < 20');
    const before = await page.evaluate('document.documentElement.scrollHeight');
    await until(page, `document.documentElement.scrollHeight > ${before} + 200`);
    expect(await page.evaluate('scrollY < 20')).toBe(true);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').waitFor();
    const sent = gateway.provider.requests.at(-1);
    expect(JSON.stringify(sent)).toContain('data:image/png;base64,iVBOR');
  },
  TIMEOUT_MS,
);

test(
  'an app that was let in shows what it spent, and once it is cut off its next call is refused',
  async () => {
    const max = await somebodyNew();
    const query = { callback_url: 'https://editor.example.com/cb', ...S256 };
    const code = await codeOf({ gateway }, max, query);
    const { json } = await postJson(gateway, '/auth/keys', {
      ...{ code, code_verifier: VERIFIER, code_challenge_method: 'S256' },
    });
    const ask = () =>
      fetch(`${gateway.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: {
          ...{ authorization: `Bearer ${json.key}`, 'content-type': 'application/json' },
          ...{ 'http-referer': 'https://editor.example.com/', 'x-title': 'An Editor' },
        },
        body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] }),
      });
    expect((await ask()).status).toBe(200);

    await using opened = await openAs(gateway, max, '/apps');
    const { page, complaints } = opened;
    await page.getByRole('row', { name: /An Editor.*acme\/small/ }).waitFor();
    const granted = page.getByRole('list', { name: 'Apps with access' });
    await granted.getByText('$0.', { exact: false }).getByText('for 1 request').waitFor();
    await granted.getByRole('link', { name: 'editor.example.com' }).click();
    await page.getByText('Show all apps').waitFor();
    expect(new URL(page.url()).searchParams.get('app')).toBe('name:editor.example.com');

    expect(await statusWith(gateway, json.key)).toBe(200);
    await page.getByRole('button', { name: 'Cut off editor.example.com' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect((await ask()).status).toBe(200);
    await page.getByRole('button', { name: 'Cut off editor.example.com' }).click();
    await dialog.getByRole('button', { name: 'Cut off' }).click();
    await page.getByText('No app has access').waitFor();
    expect((await ask()).status).toBe(401);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);
