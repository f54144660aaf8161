/** What is told to people and programs, put together: deliveries, what is seen of providers, leaked keys, and the nightly report. */
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { buildDelivery } from './delivery/build.ts';
import { ProviderWatch } from './delivery/provider-watch.ts';
import { createGuardedGet } from './egress/guarded-get.ts';
import { tellReport } from './keys/key-report.ts';
import type { KeyUsageReader } from './keys/usage.ts';
import { createGithubKeys } from './leaks/github-keys.ts';
import type { Logger } from './log.ts';
import type { Mailer } from './mail/mail.ts';
import type { BackNews, BenchNews } from './routing/ways.ts';
import type { Database } from './storage/database.ts';

/** UTC, when most of those who would be disturbed sleep. */
const REPORT_AT_HOUR = 3;
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

export function buildNews(options: {
  readonly config: Config;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly mailer: Pick<Mailer, 'deliver'>;
  readonly readJson: (request: Request) => Promise<unknown>;
  readonly usage: KeyUsageReader;
  readonly metrics: { benched(news: BenchNews): void };
  readonly changed: (hash: string) => Promise<void>;
  /** The instance's own. */
  readonly accountId: string;
}) {
  const { config, database, clock, logger, usage, changed, accountId } = options;
  const delivery = buildDelivery(options);
  const providers = new ProviderWatch({ database, clock, logger, accountId });
  const { secretScanningKeysUrl: url } = config;
  /** Null: by no look of this process. One that is started anew each night reports, too; what was said already is not said twice. */
  let reportedDay: number | null = null;
  return {
    delivery: delivery.routes,
    leaks: {
      ...{ database, clock, logger, changed, quarantines: config.leakedKeys.quarantine },
      githubKeys: url === null ? null : createGithubKeys({ get: getFrom(url), url, clock, logger }),
    },
    benched: (bench: BenchNews) => {
      options.metrics.benched(bench);
      providers.benched(bench);
    },
    back: (back: BackNews) => providers.back(back),
    hasOutages: () => providers.hasOutages,
    /** Now and then. */
    async tidy(): Promise<void> {
      await delivery.forgetOld();
      providers.adopt();
      const day = dayOf(clock.nowMs());
      if (day === reportedDay) return;
      reportedDay = day;
      await tellReport({ database, usage }, accountId, clock.nowMs());
    },
    stop: async () => {
      await providers.stop();
      await delivery.stop();
    },
  };
}

/** The night that the moment belongs to, as a number. */
const dayOf = (nowMs: number): number => Math.floor((nowMs - REPORT_AT_HOUR * HOUR_MS) / DAY_MS);

/** The operator has named the address, and so vouches for it. */
function getFrom(address: string) {
  const { protocol, hostname, port } = new URL(address);
  const host = `${hostname}:${port === '' ? (protocol === 'http:' ? '80' : '443') : port}`;
  return createGuardedGet({ privateHosts: [host] });
}
