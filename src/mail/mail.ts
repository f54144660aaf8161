/** Sends mail through the operator's server, off the path of any request; without a server, links go to the operator's screen. */
import type { Transporter } from 'nodemailer';
import { endsWithin } from '../clock.ts';
import type { MailConfig } from '../config/config.ts';
import { isLoopback } from '../egress/address.ts';
import type { Logger } from '../log.ts';
import type { Letter } from './mail-texts.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 20_000;
const MAX_WAITING = 500;
const CLOSE_WITHIN_MS = 5000;

/** The operator's server, whose password may change while the gateway runs. */
export interface RenewableMailer extends Mailer {
  /** From the next mail on. */
  renew(config: MailConfig | null): void;
}

export interface Mailer {
  /** Comes back at once: whether a mail could be sent must show neither in what a page says nor in how long it takes. */
  send(to: string, letter: Letter): void;
  /**
   * For whoever keeps a letter until it is sent: rejects where the mail server did not take it. After `signal` nothing of it is sent any
   * more, whether its turn had come or not.
   */
  deliver(to: string, letter: Letter, signal?: AbortSignal): Promise<void>;
  /** What is being sent may finish, within a bound. */
  close(): Promise<void>;
}

export function createMailer(services: {
  readonly config: MailConfig | null;
  readonly logger: Logger;
  /** Prints a line for the operator. Unlike the log it may hold a link that works. */
  readonly announce: (line: string) => void;
}): RenewableMailer {
  const { config, announce } = services;
  if (config !== null) return new SmtpMailer(config, services.logger);
  const show = (to: string, { subject, link }: Letter) =>
    announce(`No mail server is set up. For ${JSON.stringify(to)}, "${subject}": ${link}`);
  return {
    send: show,
    deliver: async (to, letter) => show(to, letter),
    close: async () => {},
    // Where none is set up, another secret sets up none.
    renew: () => {},
  };
}

class SmtpMailer implements RenewableMailer {
  #config: MailConfig;
  readonly #logger: Logger;
  #transport: Promise<Transporter> | null = null;
  #waiting = 0;
  /** One after another: a mail server answers bursts with refusals. */
  #last: Promise<void> = Promise.resolve();

  constructor(config: MailConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  send(to: string, letter: Letter): void {
    if (this.#waiting >= MAX_WAITING) return this.#logger.error('mail_dropped', { subject: letter.subject });
    this.#waiting += 1;
    this.#last = this.#last
      .then(() => this.#deliver(to, letter))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  async deliver(to: string, letter: Letter, signal?: AbortSignal): Promise<void> {
    const last = this.#last.then(() => {
      signal?.throwIfAborted();
      return this.#send(to, letter, signal);
    });
    // The next one waits for this one's end, and not for its success.
    this.#last = last.catch(() => undefined);
    const late = Promise.withResolvers<never>();
    const give = () => late.reject(signal?.reason);
    signal?.addEventListener('abort', give, { once: true });
    try {
      await Promise.race([last, late.promise]);
    } finally {
      signal?.removeEventListener('abort', give);
    }
  }

  async close(): Promise<void> {
    await endsWithin(this.#last, CLOSE_WITHIN_MS);
    const transport = await this.#transport;
    transport?.close();
  }

  renew(config: MailConfig | null): void {
    if (config === null || config.smtpUrl === this.#config.smtpUrl) return;
    this.#config = config;
    this.#last = this.#last.then(async () => {
      const before = this.#transport;
      this.#transport = null;
      (await before)?.close();
    });
  }

  /** The link is in the letter alone: of a mail that failed the log tells what it was about, and whoever waits asks again. */
  async #deliver(to: string, letter: Letter): Promise<void> {
    try {
      await this.#send(to, letter);
    } catch (thrown) {
      const { code, responseCode } = thrown as { code?: unknown; responseCode?: unknown };
      this.#logger.error('mail_failed', { subject: letter.subject, code, responseCode });
    }
  }

  async #send(to: string, { subject, text, html }: Letter, signal?: AbortSignal): Promise<void> {
    this.#transport ??= connect(this.#config.smtpUrl);
    const transport = await this.#transport;
    await transport.sendMail({
      from: this.#config.from,
      to: { name: '', address: to },
      subject,
      text,
      html,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/** Loaded when the first mail is sent. */
async function connect(smtpUrl: string): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    url: smtpUrl,
    // Where the server only offers it (STARTTLS), whoever stands between could take the offer away, and read the password and each
    // link. An operator whose relay has none says so in the URL, which wins: `?requireTLS=false`.
    requireTLS: !isLoopback(new URL(smtpUrl).hostname),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    // A letter is text of ours: nothing in it may name a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}
