import { afterAll, expect, test } from 'bun:test';
import { closeBrowser, openPage } from '../../browser.ts';
import { startGateway } from '../../harness.ts';
import { proposal } from './apps-asking.ts';
import { data, inHours, nothingLoads, openStage, refusal, somebody } from './page-states.ts';

const TIMEOUT_MS = 120_000;

const MARKUP = [
  ...[
    '<img src=x onerror="document.title=1">',
    '"><script>document.title=1</script>',
    'javascript:document.title=1',
  ],
  ...['{{constructor.constructor("document.title=1")()}}', '\u202egro.elpmaxe\u2066\u200b'],
];
const HOSTILE = [MARKUP.join(' '), MARKUP.toReversed().join(' '), `Very long ${'W'.repeat(100_000)}`];

afterAll(closeBrowser);

test(
  'whatever a name holds is text on every page that shows it, and no page grows beyond its screen',
  async () => {
    await using bench = await startGateway();
    using stage = openStage(bench);
    for (const name of HOSTILE) {
      await using opened = await openPage({ viewport: { width: 390, height: 844 } });
      const { page, complaints } = opened;
      const dialogs: string[] = [];
      page.on('dialog', (dialog) => dialogs.push(dialog.message()));
      const asked = proposal(
        {
          key: { ...proposal().key, label: name },
          workspaces: [
            { id: 'workspace-1', name },
            { id: 'workspace-2', name: 'Other' },
          ],
          account: { id: 'account-1', name },
        },
        { name, client_name: name },
      );
      const member = {
        user_id: 'user-9',
        name,
        email: name,
        role: 'member',
        two_factor_enabled: false,
        joined_at: inHours(-9),
        is_you: false,
      };
      stage.answers = {
        ...somebody({ user: { name, email: name } }),
        'GET /api/dashboard/consent': data(asked),
        'GET /api/dashboard/consent/code': data({
          code: 'auth_code_1',
          expires_at: inHours(0.1),
          key_label: name,
        }),
        'GET /api/dashboard/members': data([member]),
        'GET /api/dashboard/invitations': data([
          { id: 'i', email: name, role: 'member', created_at: inHours(-1), expires_at: inHours(9) },
        ]),
        'GET /api/dashboard/sessions': data([
          {
            id: 's',
            created_at: inHours(-1),
            last_used_at: inHours(-1),
            expires_at: inHours(9),
            ip_address: name,
            user_agent: name,
            is_current: true,
          },
        ]),
        'GET /api/auth/passkey/list-user-passkeys': { json: [{ id: 'p', name, createdAt: null }] },
        'GET /api/auth/list-accounts': {
          json: [{ id: 'm', providerId: name, createdAt: null, isLast: false }],
        },
        'GET /api/dashboard/email-change': data({ email: name }),
        'GET /api/dashboard/device': refusal(404, 'not_found', name),
      };
      for (const path of [
        '/auth?callback_url=https://chat.example.com/cb',
        '/auth/code',
        '/settings/members',
        '/settings/account',
        `/settings/account?error=${encodeURIComponent(name.slice(0, 2000))}`,
        `/settings/account?connected=${encodeURIComponent(name.slice(0, 2000))}`,
        '/change-email?token=abc',
        `/error?error=${encodeURIComponent(name.slice(0, 2000))}&error_description=${encodeURIComponent(name.slice(0, 2000))}`,
        `/device?user_code=${encodeURIComponent(name.slice(0, 2000))}`,
      ]) {
        await page.goto(`${stage.url}${path}`);
        await page.locator('h1').first().waitFor();
        await nothingLoads(page);
        const [title, tooWide, images, scripts] = (await page.evaluate(
          '[document.title, Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth), document.images.length, document.querySelectorAll("body script").length]',
        )) as [string, number, number, number];
        expect({ path, tooWide, images, scripts, isOurs: title.endsWith('Turnpike') }).toEqual({
          path,
          tooWide: 0,
          images: 0,
          scripts: 0,
          isOurs: true,
        });
        expect(await page.locator('body').innerText()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
      }
      expect([...complaints, ...dialogs]).toEqual([]);
    }
  },
  TIMEOUT_MS,
);
