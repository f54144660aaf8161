/** What is told, on its way: built, running, and what of it is forgotten. */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createGuardedPost, type EgressOptions } from '../egress/guarded-get.ts';
import type { Logger } from '../log.ts';
import type { Mailer } from '../mail/mail.ts';
import type { Database } from '../storage/database.ts';
import { Courier } from './courier.ts';
import type { SettingsServices } from './settings.ts';
import { deleteOld } from './store.ts';
import type { WebhookServices } from './webhooks.ts';

export interface DeliveryServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly masterKey: Uint8Array;
}

/** What the routes work with. */
export interface DeliveryRouteServices extends WebhookServices, SettingsServices {
  readonly readJson: (request: Request) => Promise<unknown>;
}

/** Of one attempt. */
const TIMEOUT_MS = 10_000;
const DAY_MS = 86_400_000;
const KEPT_MS = 30 * DAY_MS;
/** For longer than any window of a limit that ends. */
const ONCE_KEPT_MS = 400 * DAY_MS;

export function buildDelivery(options: {
  readonly config: Pick<Config, 'masterKey' | 'egress' | 'publicUrl' | 'mail'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly mailer: Pick<Mailer, 'deliver'>;
  readonly readJson: (request: Request) => Promise<unknown>;
  readonly egress?: Partial<EgressOptions>;
}) {
  const { config, database, clock, logger, mailer, readJson } = options;
  const { privateHosts } = config.egress;
  const services = { database, clock, logger, masterKey: config.masterKey };
  const courier = new Courier({
    ...{ ...services, mailer, publicUrl: config.publicUrl },
    post: createGuardedPost({ privateHosts, timeoutMs: TIMEOUT_MS, ...options.egress }),
  });
  courier.start();
  const routes: DeliveryRouteServices = {
    ...{ ...services, privateHosts, hasMail: config.mail !== null, readJson },
  };
  return {
    routes,
    forgetOld: () => {
      const nowMs = clock.nowMs();
      return deleteOld(database.db, { untilMs: nowMs - KEPT_MS, onceUntilMs: nowMs - ONCE_KEPT_MS });
    },
    stop: () => courier.stop(),
  };
}
