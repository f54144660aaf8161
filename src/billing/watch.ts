/** What is looked at again and again, on every node: whether credits run low, whether a top-up is due, and orders without news. */
import type { PaymentTable } from '../storage/billing-tables.ts';
import { billingAccountOf } from './account.ts';
import { type AlertServices, alertIfDue } from './alerts.ts';
import { ended } from './apply.ts';
import { type CheckoutServices, isOfThisMode, lookAtCheckout } from './checkout.ts';
import {
  accountsWithoutBilling,
  claimPayment,
  listBillingAccounts,
  openPaymentsAskedBefore,
} from './store.ts';
import { stripeFailure } from './stripe.ts';
import { resumeTopUp, topUpIfDue } from './top-up.ts';

export interface WatchServices extends CheckoutServices, AlertServices {
  /** Brings into the database what this process has settled. */
  readonly flushed: () => Promise<void>;
}

const EVERY_MS = 5000;
/** A top-up may still be with the process that ordered it, which waits for Stripe no longer than that. */
const TOP_UP_QUIET_MS = 3 * 60_000;
const CHECKOUT_QUIET_MS = 15 * 60_000;
/** Without a session nobody can pay it. */
const NO_SESSION_MS = 2 * 3_600_000;
/** The slowest banks take two weeks. */
const GIVEN_UP_MS = 30 * 24 * 3_600_000;
const AT_ONCE = 20;

export class CreditWatch {
  readonly #services: WatchServices;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #looking: Promise<void> | null = null;
  #isStopped = false;

  constructor(services: WatchServices) {
    this.#services = services;
  }

  start(): void {
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Never rejects: a failure is logged, and the next look makes up for it. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#services.logger.warn('credit_watch_failed', { error }))
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(async () => {
      await this.look();
      this.#schedule();
    }, EVERY_MS);
  }

  async #look(): Promise<void> {
    const services = this.#services;
    const { db } = services.database;
    await services.flushed();
    for (const accountId of await accountsWithoutBilling(db)) await billingAccountOf(db, accountId);
    for (const account of await listBillingAccounts(db)) {
      if (services.closedBecause === null && account.top_up_enabled === 1)
        await topUpIfDue(services, account.account_id);
      await alertIfDue(services, account);
    }
    if (services.closedBecause !== 'no_provider') await this.#askAboutOrders();
  }

  async #askAboutOrders(): Promise<void> {
    const services = this.#services;
    const nowMs = services.clock.nowMs();
    const { db } = services.database;
    for (const payment of await openPaymentsAskedBefore(db, 'top_up', nowMs - TOP_UP_QUIET_MS, AT_ONCE))
      if (await claimPayment(db, payment, nowMs)) await resumeTopUp(services, payment);
    for (const payment of await openPaymentsAskedBefore(db, 'checkout', nowMs - CHECKOUT_QUIET_MS, AT_ONCE))
      if (await claimPayment(db, payment, nowMs)) await askAboutCheckout(services, payment, nowMs);
  }
}

async function askAboutCheckout(
  services: WatchServices,
  payment: PaymentTable,
  nowMs: number,
): Promise<void> {
  const ageMs = nowMs - payment.created_at_ms;
  const { checkout_session_id: sessionId } = payment;
  if (ageMs > (sessionId === null ? NO_SESSION_MS : GIVEN_UP_MS)) {
    await ended(services, payment, 'expired', 'nobody paid');
    return;
  }
  if (sessionId === null || !isOfThisMode(services, payment)) return;
  try {
    await lookAtCheckout(services, payment, sessionId);
  } catch (thrown) {
    services.logger.warn('checkout_not_asked', { payment: payment.id, ...stripeFailure(thrown) });
  }
}
