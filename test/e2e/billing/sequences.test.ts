/**
 * Random lives of payments on both databases, compared with Stripe's own account of what was paid: bought, topped up, refunded, disputed,
 * told of twice and in any order, while processes die before and behind their commits and answers of Stripe are lost. A failure prints
 * its seed; TURNPIKE_TEST_SEED repeats it. 10,000 of them with TURNPIKE_TEST_LONG=1.
 */
import { afterAll, describe, expect, test } from 'bun:test';
import { Random } from '../../../prove/random.ts';
import { balanceOf, billingAccountOf } from '../../../src/billing/account.ts';
import { buildBilling } from '../../../src/billing/build.ts';
import { beginCheckout, keepCard } from '../../../src/billing/checkout.ts';
import { changeTopUp } from '../../../src/billing/settings.ts';
import { resumeTopUp, topUpIfDue } from '../../../src/billing/top-up.ts';
import { verifyPayments } from '../../../src/billing/verify.ts';
import { takeEvent } from '../../../src/billing/webhook.ts';
import { ManualClock } from '../../../src/clock.ts';
import { createLogger } from '../../../src/log.ts';
import { verifyLedger } from '../../../src/metering/verify.ts';
import type { Database } from '../../../src/storage/database.ts';
import { engines, type TestDatabase } from '../../databases.ts';
import { type ChargeOutcome, startFakeStripe } from '../../fake-stripe/server.ts';

const USD = 1_000_000_000n;
const CAP_USD = 60;
const isLong = process.env['TURNPIKE_TEST_LONG'] === '1';
const SEQUENCES = isLong ? 10_000 : 150;
const SEED = Number(process.env['TURNPIKE_TEST_SEED'] ?? Date.now() % 1_000_000_000);

class Died extends Error {}

const below = (random: Random, count: number): number => random.whole(0, count - 1);

/** A process that may die in any transaction: nothing of it is there, or all of it, and nobody has heard so. */
function mortal(database: Database, dies: () => 'before' | 'behind' | null): Database {
  return {
    ...database,
    db: database.db,
    transaction: (fn) => {
      const when = dies();
      const work = database.transaction(async (trx) => {
        const result = await fn(trx);
        if (when === 'before') throw new Died();
        return result;
      });
      return when === 'behind' ? work.then(() => Promise.reject(new Died())) : work;
    },
  };
}

/** A file of one account's life, over the same database as all the others. */
class Life {
  readonly accountId: string;
  readonly random: Random;
  readonly stripe: ReturnType<typeof startFakeStripe>;
  readonly clock: ManualClock;
  readonly database: Database;
  /** Where this life's events begin. */
  readonly #from: number;
  readonly #sessions: string[] = [];
  readonly #later: string[] = [];
  readonly #disputes: string[] = [];
  readonly #refunds: string[] = [];
  #mayDie = true;

  constructor(at: {
    accountId: string;
    seed: number;
    stripe: ReturnType<typeof startFakeStripe>;
    clock: ManualClock;
    database: Database;
  }) {
    this.accountId = at.accountId;
    this.random = new Random(at.seed);
    this.stripe = at.stripe;
    this.clock = at.clock;
    this.database = at.database;
    this.#from = at.stripe.events.length;
  }

  /** A process that has just started. */
  #process(isTold = true) {
    const dies = () => {
      if (!this.#mayDie || !this.random.chance(0.15)) return null;
      return this.random.chance(0.5) ? ('before' as const) : ('behind' as const);
    };
    return buildBilling({
      config: {
        billing: { mode: 'off' },
        purchases: {
          ...{ feeMillionths: 55_000n, feeMinimumNanoUsd: 800_000_000n },
          ...{ minimumNanoUsd: 5n * USD, maximumNanoUsd: 100n * USD },
        },
        publicUrl: 'http://localhost',
      },
      stripe: () => this.stripe.access,
      database: mortal(this.database, dies),
      clock: this.clock,
      logger: createLogger({ level: 'error', write: () => {}, clock: this.clock }),
      accountName: async () => 'A',
      flushed: async () => {},
      creditsChanged: async () => {
        if (isTold && this.#mayDie && this.random.chance(0.05)) throw new Died();
      },
    });
  }

  get #open() {
    const { services } = this.#process();
    const open = { ...services, closedBecause: null, paidFor: () => {} };
    return { services: open, events: open };
  }

  async #survive(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (thrown) {
      if (thrown instanceof Died) return false;
      throw thrown;
    }
  }

  get events() {
    return this.stripe.events.slice(this.#from);
  }

  async #step(): Promise<void> {
    const { random, stripe } = this;
    const paid = [...this.#intents()];
    await random.pick<() => unknown>([
      () => this.#buy(),
      () => this.#take(this.#sessions, (id) => stripe.pay(id)),
      () => this.#take(this.#sessions, (id) => stripe.pay(id)),
      () =>
        this.#take(this.#sessions, (id) => {
          stripe.pay(id, 'later');
          this.#later.push(id);
        }),
      () => this.#take(this.#later, (id) => stripe.settle(id, random.chance(0.7))),
      () => this.#take(this.#sessions, (id) => stripe.expire(id)),
      () => {
        if (paid.length === 0) return;
        const { id } = random.pick(paid);
        const charge = stripe.chargeOf(id);
        const left = charge.amount - charge.amount_refunded;
        if (left > 0) this.#refunds.push(stripe.refund(id, 1 + below(random, left)));
      },
      () => this.#take(this.#refunds, (id) => stripe.undoRefund(id)),
      () => {
        const undisputed = paid.filter(({ id }) => !stripe.isDisputed(id));
        if (undisputed.length === 0) return;
        const { id, amount } = random.pick(undisputed);
        const status = random.chance(0.3) ? 'warning_needs_response' : 'needs_response';
        this.#disputes.push(stripe.dispute(id, amount, status));
      },
      () => this.#take(this.#disputes, (id) => stripe.closeDispute(id, random.chance(0.5) ? 'won' : 'lost')),
      () => this.#topUp(),
      () => this.#topUp(),
      async () => {
        for (const event of this.events) if (random.chance(0.4)) await this.#tell(event);
      },
    ])();
  }

  async #buy(): Promise<void> {
    const buyer = { accountId: this.accountId, userId: 'u', email: 'a@example.com' };
    const body = { amount_usd: 5 + below(this.random, 1000) / 100, save_card: true };
    await this.#survive(async () => {
      const { url } = await beginCheckout(this.#open.services, buyer, body);
      this.#sessions.push(url.split('/').at(-1) ?? '');
    });
  }

  async #topUp(): Promise<void> {
    const { random, stripe, accountId } = this;
    const outcomes: readonly ChargeOutcome[] = [
      ...([
        'succeeds',
        'succeeds',
        'declined',
        'needs_authentication',
        'processing',
        'unheard',
        'down',
      ] as const),
    ];
    await this.#survive(async () => {
      const { services } = this.#open;
      for (const id of this.#saved()) await keepCard(services, { id } as never);
      const account = await billingAccountOf(this.database.db, accountId);
      if (account.payment_method_id !== null && account.top_up_enabled === 0)
        await changeTopUp(services, accountId, {
          ...{
            enabled: true,
            threshold_usd: 1000,
            amount_usd: 5 + below(random, 15),
            monthly_cap_usd: CAP_USD,
          },
        });
      stripe.outcome = random.pick(outcomes);
      // Two nodes see that one is due.
      const both = await Promise.allSettled([
        topUpIfDue(services, accountId),
        topUpIfDue(this.#open.services, accountId),
      ]);
      for (const each of both) if (each.status === 'rejected') throw each.reason;
      if (random.chance(0.5)) await this.#resume();
    });
    stripe.outcome = 'succeeds';
    for (const { id, status } of this.#intents(false))
      if (status === 'processing' && !this.#isOfSession(id) && random.chance(0.5))
        stripe.settleIntent(id, random.chance(0.7));
  }

  async #resume(): Promise<void> {
    const open = await this.database.db
      .selectFrom('payment')
      .selectAll()
      .where('account_id', '=', this.accountId)
      .where('kind', '=', 'top_up')
      .where('state', '=', 'open')
      .execute();
    for (const payment of open) await resumeTopUp(this.#open.services, payment);
  }

  #saved(): string[] {
    return this.#intents().map(({ metadata }) => String(metadata['turnpike_payment']));
  }

  #isOfSession(intentId: string): boolean {
    return [...this.stripe.sessions.values()].some(({ payment_intent }) => payment_intent === intentId);
  }

  /** Of this account alone, by its customer. */
  #intents(isPaid = true) {
    const known = new Set(
      [...this.stripe.customers.values()]
        .filter(({ metadata }) => metadata['turnpike_account'] === this.accountId)
        .map(({ id }) => id),
    );
    return [...this.stripe.intents.values()].filter(
      ({ customer, status }) => known.has(String(customer)) && (!isPaid || status === 'succeeded'),
    );
  }

  #take(ids: string[], use: (id: string) => void): void {
    if (ids.length > 0) use(ids.splice(below(this.random, ids.length), 1)[0] ?? '');
  }

  async #tell(event: object): Promise<boolean> {
    return await this.#survive(() => takeEvent(this.#open.events, event));
  }

  /** Lives, and then hears of everything at least once. */
  async live(): Promise<void> {
    for (let left = 1 + below(this.random, 3); left > 0; left--) await this.#buy();
    this.#take(this.#sessions, (id) => this.stripe.pay(id));
    for (let left = 4 + below(this.random, 14); left > 0; left--) await this.#step();
    for (const id of this.#later) this.stripe.settle(id, this.random.chance(0.5));
    for (const { id, status } of this.#intents(false))
      if (status === 'processing' && !this.#isOfSession(id)) this.stripe.settleIntent(id, true);
    const waiting = [...this.events, ...this.events.filter(() => this.random.chance(0.3))];
    while (waiting.length > 0) {
      const [event] = waiting.splice(below(this.random, waiting.length), 1);
      if (event !== undefined && !(await this.#tell(event))) waiting.push(event);
    }
    this.#mayDie = false;
    await this.#resume();
  }

  /** By what Stripe has: each order is worth what was paid for it, its fee last to be given back. */
  async judge(): Promise<string | null> {
    const { db } = this.database;
    const payments = await db
      .selectFrom('payment')
      .selectAll()
      .where('account_id', '=', this.accountId)
      .execute();
    const worth = new Map<string, bigint>();
    for (const { id, amount, metadata } of this.#intents()) {
      const payment = payments.find((each) => each.id === metadata['turnpike_payment']);
      if (payment === undefined) return `${id} is paid and was never ordered`;
      if (worth.has(payment.id)) return `${payment.id} was charged twice`;
      const back = BigInt(amount - this.stripe.paidCents(id)) * 10_000_000n;
      const left = payment.amount_nano_usd - back;
      worth.set(payment.id, left > 0n ? left : 0n);
    }
    const expected = [...worth.values()].reduce((sum, each) => sum + each, 0n);
    const { balance } = await balanceOf(db, this.accountId);
    if (balance !== expected) return `the balance is ${balance}, Stripe has ${expected}`;
    const toppedUp = payments
      .filter(({ kind, id }) => kind === 'top_up' && worth.has(id))
      .reduce((sum, { amount_nano_usd }) => sum + amount_nano_usd, 0n);
    if (toppedUp > BigInt(CAP_USD) * USD) return `top-ups came to ${toppedUp}`;
    const open = payments.filter(({ kind, state }) => kind === 'top_up' && state === 'open');
    return open.length > 0 ? `${open[0]?.id} is open for ever` : null;
  }
}

describe.each(engines.map((engine) => [engine.name, engine] as const))('on %s', (name, engine) => {
  let opened: TestDatabase | null = null;
  const stripe = startFakeStripe();
  afterAll(async () => {
    await stripe[Symbol.asyncDispose]();
    await opened?.dispose();
  });

  test(
    `whatever happens to ${SEQUENCES} accounts, each has the credits that it paid for, and the ledger says so`,
    async () => {
      opened = await engine.open();
      const { database } = opened;
      const clock = new ManualClock(Date.UTC(2026, 10, 10));
      const wrong: string[] = [];
      let events = 0;
      for (let number = 0; number < SEQUENCES && wrong.length === 0; number++) {
        const seed = SEED + number;
        const accountId = `account-${name}-${number}`;
        await database.db
          .insertInto('account')
          .values({ id: accountId, kind: 'organisation', name: 'A', created_at_ms: 1 } as never)
          .execute();
        stripe.forget();
        const life = new Life({ accountId, seed, stripe, clock, database });
        await life.live();
        events += life.events.length;
        const problem = await life.judge();
        if (problem !== null) wrong.push(`seed ${seed}: ${problem}`);
      }
      expect(wrong).toEqual([]);
      expect(events).toBeGreaterThan(SEQUENCES);
      const faults = await database.snapshot(async (trx) => [
        (await verifyLedger(trx)).fault,
        (await verifyPayments(trx)).fault,
      ]);
      expect(faults).toEqual([null, null]);
    },
    isLong ? 3_600_000 : 120_000,
  );
});
