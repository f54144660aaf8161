/** In a browser: credits are bought, seen to come, spent, warned of, used up, and bought again. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { closeBrowser, screenshot, until } from '../../browser.ts';
import { type BillingRig, startBillingRig } from '../billing/rig.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 180_000;

let rig: BillingRig;
beforeAll(async () => {
  rig = await startBillingRig({
    config: { billing: { mode: 'prepaid', fee_percent: 5.5, fee_minimum_usd: 0.8 } },
  });
  await rig.bench.gateway.preparePages();
  rig.stripe.webhookUrl = rig.webhookUrl;
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await rig?.[Symbol.asyncDispose]();
});

test(
  'somebody buys, sees the balance rise, spends it, is warned at 80 %, refused at nothing, and buys again',
  async () => {
    await using opened = await openAs(rig.bench, rig.owner, '/settings/credits');
    const { page, complaints } = opened;
    const balance = async (text: string) => {
      await page.reload();
      const shown = `/Balance\\s+${text.replace(/[$.]/g, '\\$&')}\\b/`;
      await until(page, `${shown}.test(document.querySelector('main')?.innerText ?? '')`);
    };
    const buy = async (amount: string, total: string) => {
      await page.getByRole('button', { name: 'Buy credits' }).click();
      await page.getByLabel('Credits in USD').fill(amount);
      await page.getByText(total, { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Continue to payment' }).click();
      await page.getByRole('heading', { name: `Pay ${total}` }).waitFor();
    };
    await page.getByText('Requests that cost something are refused').waitFor();
    expect(new URL(page.url()).pathname).toBe('/credits');

    await buy('10', '$10.80');
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByText('nothing was charged').waitFor();
    await buy('10', '$10.80');
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByText('$10.00 of credits were added').waitFor();
    await balance('$10.00');
    await page.getByRole('cell', { name: 'Purchase' }).first().waitFor();
    await screenshot(page, 'credits-really-bought');

    for (let left = 8; left > 0; left--) expect((await rig.spendADollar()).status).toBe(200);
    await balance('$2.00');
    await page.getByText('80 % of the credits are spent').waitFor();
    await rig.bench.gateway.billing.watch.look();
    const told = await rig.bench.database.db
      .selectFrom('notification')
      .select('data')
      .where('kind', '=', 'credits.low')
      .execute();
    expect(told.map(({ data }) => JSON.parse(data).percent)).toEqual([80]);

    for (let left = 2; left > 0; left--) expect((await rig.spendADollar()).status).toBe(200);
    const refused = await rig.spendADollar();
    expect([refused.status, await refused.text()]).toEqual([
      402,
      expect.stringContaining('Insufficient credits'),
    ]);
    await balance('$0.00');
    await page.getByText('Requests that cost something are refused').waitFor();

    await buy('20', '$21.10');
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByText('$20.00 of credits were added').waitFor();
    await balance('$20.00');
    expect((await rig.spendADollar()).status).toBe(200);

    const receipt = page.waitForEvent('popup');
    await page
      .getByRole('link', { name: /^Receipt/ })
      .first()
      .click();
    await (await receipt).getByText('Receipt from Stripe').waitFor();
    expect(await rig.fault()).toBeNull();
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'automatic top-ups are switched on with the card that was kept, and show why they stopped',
  async () => {
    await using opened = await openAs(rig.bench, rig.owner, '/credits');
    const { page, complaints } = opened;
    const box = page.getByRole('checkbox', { name: 'Top up automatically' });
    await page.getByText('there is none to charge yet').waitFor();
    expect(await box.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Buy credits' }).click();
    await page.getByRole('checkbox', { name: 'Keep the card' }).check();
    await page.getByLabel('Credits in USD').fill('$5');
    await page.getByRole('button', { name: 'Continue to payment' }).click();
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByText('$5.00 of credits were added').waitFor();
    await page.reload();
    await page.getByText('Charges visa ending in 4242').waitFor();
    await box.check();
    await page.getByLabel('Below a balance of').fill('500');
    await page.getByLabel('Buy credits of').fill('1');
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByText('Enter an amount from $5.00').waitFor();
    await page.getByLabel('Buy credits of').fill('50');
    rig.stripe.outcome = 'declined';
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByText('Saved: credits are topped up').waitFor();
    await rig.bench.gateway.billing.watch.look();
    await rig.bench.gateway.billing.watch.look();
    await page.reload();
    await page.getByText('It switched itself off').waitFor();
    await page.getByText('card_declined').first().waitFor();
    await page.getByRole('button', { name: 'Forget visa' }).click();
    await page.getByText('there is none to charge yet').waitFor();
    await page.getByLabel('Percent of the credits').fill('120');
    await page.getByRole('button', { name: 'Save' }).last().click();
    await page.getByText('whole numbers from 1 to 100').waitFor();
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);
