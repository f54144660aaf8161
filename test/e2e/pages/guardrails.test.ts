/** Guardrails on their pages, against the gateway itself: written with the keyboard, seen before they are saved, assigned, taken off, deleted. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { signUpOwner } from '../../accounts.ts';
import { closeBrowser, type TestPage } from '../../browser.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { chat } from '../faults/bench.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 180_000;
let gateway: TestGateway;
let opened: TestPage;
beforeAll(async () => {
  gateway = await startGateway();
  const owner = await signUpOwner(gateway);
  await gateway.gateway.preparePages();
  opened = await openAs(gateway, owner, '/settings/guardrails');
  opened.page.setDefaultTimeout(30_000);
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await gateway?.stop();
});

const ask = async (key: string, model: string) => {
  const answer = await chat(gateway, { model, key, body: {} });
  await answer.text();
  return answer.status;
};

test(
  'one is written by keyboard alone, shows what remains before it is saved, binds whom it is assigned to and lets go when it is deleted',
  async () => {
    const { page } = opened;
    const { key } = await makeKey(gateway, { name: 'Nightly jobs' });
    await page.getByRole('link', { name: 'Add guardrail' }).first().focus();
    await page.keyboard.press('Enter');
    const remains = page.getByRole('region', { name: 'What remains' });
    const all = gateway.gateway.modelCount;
    await remains.getByText(`${all} of ${all} models may be used`).waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).focus();
    await page.keyboard.type('For interns');
    // Description, then the list of models.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('acme/small\nacme/twice');
    await remains.getByText(`2 of ${all} models may be used`).waitFor();
    await page
      .getByRole('region', { name: 'Models', exact: true })
      .getByText('not among the models')
      .first()
      .waitFor();
    await page.getByLabel('Never these providers').focus();
    await page.keyboard.type('acme');
    await remains.getByText(`1 of ${all} models may be used`).waitFor();
    await page.getByRole('button', { name: 'Add guardrail' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Assigned to' }).waitFor();
    // Nobody is bound yet.
    expect(await ask(key, 'acme/reason')).toBe(200);

    const keys = page.getByRole('region', { name: 'Keys', exact: true });
    const choice = keys.getByRole('combobox', { name: 'Another key' });
    const label = await choice.locator('option').filter({ hasText: 'Nightly jobs' }).innerText();
    await choice.selectOption({ label });
    await keys.getByRole('button', { name: 'Assign' }).click();
    await keys.getByRole('button', { name: 'Take it off Nightly jobs' }).waitFor();
    expect(await ask(key, 'acme/reason')).toBe(403);
    expect(await ask(key, 'acme/twice')).toBe(200);

    await page.getByLabel('Only these models').fill('acme/nothing-like-it');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('"acme/nothing-like-it" is not a model').first().waitFor();
    await page.getByLabel('Only these models').fill('');
    await page.getByLabel('Never these providers').fill('');
    await page.getByLabel('Anthropic').check();
    await page.getByRole('combobox', { name: 'E-mail addresses' }).selectOption('redact');
    await page.getByLabel('Patterns of your own').fill('block [CUSTOMER] ACME-[0-9]+');
    // The news that it was saved when it was added may still stand there: only the answer tells that this change is kept.
    const kept = page.waitForResponse((answer) => answer.request().method() === 'PATCH');
    await page.getByRole('button', { name: 'Save' }).click();
    expect((await kept).status()).toBe(200);
    await page.getByText('For interns is saved').first().waitFor();
    expect(await ask(key, 'acme/reason')).toBe(200);
    const row = await gateway.database.db.selectFrom('guardrail').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      ...{
        allowed_models: null,
        ignored_providers: null,
        enforce_zdr_anthropic: 1,
        enforce_zdr_openai: null,
      },
      content_filter_builtins: '[{"slug":"email","action":"redact"}]',
      content_filters: '[{"pattern":"ACME-[0-9]+","action":"block","label":"CUSTOMER"}]',
    });

    await keys.getByRole('button', { name: 'Take it off Nightly jobs' }).click();
    await keys.getByText('None yet.').waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete guardrail' }).click();
    await page.getByText('No guardrails yet').waitFor();
    expect(await gateway.database.db.selectFrom('guardrail').selectAll().execute()).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'the rules for everybody bind at once, and can be taken away again',
  async () => {
    const { page } = opened;
    await page.goto(`${gateway.url}/settings/guardrails`);
    await page.getByRole('link', { name: /Whole organisation/ }).click();
    await page.getByLabel('Never these models').fill('acme/small');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Whole organisation is saved').waitFor();
    expect(await ask(gateway.apiKey, 'acme/small')).toBe(403);
    await page.getByRole('button', { name: 'Take all rules away' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take away' }).click();
    await page.getByText('The rules are taken away').waitFor();
    expect(await ask(gateway.apiKey, 'acme/small')).toBe(200);
  },
  TIMEOUT_MS,
);
