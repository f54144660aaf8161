/** Reads secrets again while the gateway runs: every so often, and when it is told to (SIGHUP). */
import type { Config } from '../config/config.ts';
import type { Logger } from '../log.ts';
import type { SecretSource } from './secret-source.ts';

export interface WatchOptions {
  readonly source: Pick<SecretSource, 'again' | 'states'>;
  readonly config: Config;
  readonly logger: Logger;
  /** Rejects where the new ones cannot be used: the old ones stay. */
  readonly apply: (config: Config) => Promise<void>;
}

/** What a running gateway cannot put in the place of what it began with. */
const NEED_A_RESTART = ['databaseUrl', 'masterKey', 'bootstrapManagementKey'] as const;

export class SecretWatch {
  readonly #options: WatchOptions;
  #config: Config;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last: Promise<void> = Promise.resolve();
  readonly #told = new Set<string>();
  #isStopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  start(): void {
    this.#timer = setInterval(() => void this.refresh(), this.#config.secretsRefreshMs).unref();
  }

  /** From now on nothing is put into place. Resolves when nothing is asked any more, which a manager that hangs may put off. */
  stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    return this.#last;
  }

  /** One after the other. Never rejects: what is wrong is logged, and what there was stays. */
  refresh(): Promise<void> {
    this.#last = this.#last.then(() => this.#refresh());
    return this.#last;
  }

  async #refresh(): Promise<void> {
    const { source, logger, apply } = this.#options;
    if (this.#isStopped) return;
    try {
      const config = await source.again(this.#config);
      if (this.#isStopped) return;
      this.#tellStale();
      if (config === null) return;
      await apply(config);
      for (const name of NEED_A_RESTART)
        if (String(config[name]) !== String(this.#config[name]))
          logger.warn('secret_needs_restart', {
            setting: name,
            remedy: 'Restart the gateway to use the new one',
          });
      this.#config = config;
      logger.info('secrets_renewed', {});
    } catch (error) {
      logger.error('secrets_not_renewed', { error });
    }
  }

  /** Once, until it is there again. */
  #tellStale(): void {
    const { source, logger } = this.#options;
    for (const { text, problem } of source.states) {
      if (problem === null) {
        if (this.#told.delete(text)) logger.info('secret_readable_again', { reference: text });
      } else if (!this.#told.has(text)) {
        this.#told.add(text);
        logger.warn('secret_not_readable', {
          reference: text,
          problem,
          remedy: 'The last value stays in use',
        });
      }
    }
  }
}
