/** A gateway where credits are bought at a fake Stripe, its owner, and a model that costs a dollar a request. */
import { verifyPayments } from '../../../src/billing/verify.ts';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { signUpOwner, type Visitor } from '../../accounts.ts';
import { deliver, type FakeStripe, startFakeStripe } from '../../fake-stripe/server.ts';
import { type StartOptions, startGateway, type TestGateway } from '../../harness.ts';

export interface BillingRig extends AsyncDisposable {
  readonly bench: TestGateway;
  readonly stripe: ReturnType<typeof startFakeStripe>;
  readonly owner: Visitor;
  readonly webhookUrl: string;
  /** Begins a checkout; the id of its session at Stripe, and ours of the payment. */
  buy(amountUsd: number, saveCard?: boolean): Promise<{ readonly session: string; readonly payment: string }>;
  /** Delivers what has happened at Stripe since the last time; the statuses. */
  deliverNew(): Promise<number[]>;
  /** Buys, pays and tells of it. */
  bought(
    amountUsd: number,
    saveCard?: boolean,
  ): Promise<{ readonly intent: string; readonly payment: string }>;
  balanceUsd(): Promise<number>;
  /** A request that costs a dollar. */
  spendADollar(): Promise<Response>;
  /** What `turnpike ledger verify` says; null: all is right. */
  fault(): Promise<string | null>;
}

export const DOLLAR_MODEL = {
  ...{ id: 'acme/dollar', context_length: 1000, max_completion_tokens: 100 },
  endpoints: [
    { provider: 'acme', model: 'dollar-2026', pricing: { prompt: '0', completion: '0', request: '1' } },
  ],
};

export async function startBillingRig(
  options: Omit<StartOptions, 'stripe'> = {},
  stripe = startFakeStripe(),
): Promise<BillingRig> {
  const bench = await startGateway({
    ...options,
    stripe: stripe.access,
    config: {
      ...options.config,
      billing: { mode: 'prepaid', ...options.config?.billing },
      models: [DOLLAR_MODEL],
    },
  });
  const owner = await signUpOwner(bench);
  const webhookUrl = `${bench.url}/webhooks/stripe`;
  let delivered = 0;
  const rig: BillingRig = {
    ...{ bench, stripe, owner, webhookUrl },
    async buy(amount_usd, save_card = false) {
      const answer = await owner.post('/api/dashboard/credits/checkout', { amount_usd, save_card });
      if (answer.status !== 201) throw new Error(`no checkout: ${answer.status} ${answer.text}`);
      const session = String(answer.body['url']).split('/').at(-1) ?? '';
      return { session, payment: String(answer.body['id']) };
    },
    async deliverNew() {
      const fresh = stripe.events.slice(delivered);
      delivered = stripe.events.length;
      const statuses: number[] = [];
      for (const event of fresh) statuses.push((await deliver(webhookUrl, event)).status);
      return statuses;
    },
    async bought(amountUsd, saveCard) {
      const { session, payment } = await rig.buy(amountUsd, saveCard);
      stripe.pay(session);
      await rig.deliverNew();
      return { intent: String(stripe.sessions.get(session)?.payment_intent), payment };
    },
    balanceUsd: async () => Number((await owner.get('/api/dashboard/credits')).body['balance_usd']),
    spendADollar: () =>
      fetch(`${bench.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'acme/dollar',
          messages: [{ role: 'user', content: 'Hi' }],
          max_tokens: 5,
        }),
      }),
    fault: () =>
      bench.database.snapshot(
        async (trx) => (await verifyLedger(trx)).fault ?? (await verifyPayments(trx)).fault,
      ),
    async [Symbol.asyncDispose]() {
      await bench.stop();
      await stripe[Symbol.asyncDispose]();
    },
  };
  return rig;
}

export type { FakeStripe };
