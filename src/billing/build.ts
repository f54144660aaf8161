/** Everything about buying credits, put together: one value for app.ts. */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../storage/database.ts';
import { keepCard } from './checkout.ts';
import type { OverviewServices } from './overview.ts';
import { isLiveKey, stripeConnector } from './stripe.ts';
import { CreditWatch } from './watch.ts';

export interface Billing {
  readonly services: OverviewServices;
  /** Null: the payment provider has nowhere to tell. */
  readonly webhookSecret: () => string | null;
  readonly watch: CreditWatch;
  close(): Promise<void>;
}

export function buildBilling(options: {
  readonly config: Pick<Config, 'billing' | 'purchases' | 'publicUrl'>;
  /** As it is now: its secrets may be put in the place of others while the gateway runs. */
  readonly stripe: () => Config['stripe'];
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly accountName: (accountId: string) => Promise<string>;
  readonly flushed: () => Promise<void>;
  readonly creditsChanged: () => Promise<void>;
}): Billing {
  const { config, database, clock, logger, flushed, creditsChanged, accountName } = options;
  const { billing, purchases, publicUrl } = config;
  const running = new Set<Promise<void>>();
  const services: OverviewServices = {
    ...{ database, clock, logger, flushed, creditsChanged, accountName, publicUrl },
    mode: billing.mode,
    rules: purchases,
    get closedBecause() {
      if (billing.mode === 'off') return 'off';
      const { secretKey, webhookSecret } = options.stripe();
      return secretKey !== null && webhookSecret !== null ? null : 'no_provider';
    },
    get isLive() {
      return isLiveKey(options.stripe().secretKey ?? '');
    },
    stripe: stripeConnector(options.stripe),
    paidFor: (payment) => {
      if (payment.saves_card === 0) return;
      const done = keepCard(services, payment).finally(() => running.delete(done));
      running.add(done);
    },
  };
  const watch = new CreditWatch(services);
  if (billing.mode === 'prepaid') watch.start();
  return {
    ...{ services, watch },
    webhookSecret: () => options.stripe().webhookSecret,
    close: async () => {
      await watch.stop();
      await Promise.allSettled([...running]);
    },
  };
}
