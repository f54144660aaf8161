/** A real SMTP server on loopback that keeps what it is sent, or refuses everything. */
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

const WITHIN_MS = 30_000;

export interface MailServer extends AsyncDisposable {
  /** For `mail.smtp_url`. */
  readonly url: string;
  readonly mails: readonly Email[];
  /** From now on every mail is refused. */
  refuseAll(): void;
  /** Waits for the next mail to `address` that no earlier call has given. */
  next(address: string): Promise<Email>;
}

export async function startMailServer(): Promise<MailServer> {
  const mails: Email[] = [];
  const given = new Set<Email>();
  let isRefusing = false;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData(stream, _session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', async () => {
        if (isRefusing) return done(new Error('this mailbox is full'));
        mails.push(await PostalMime.parse(Buffer.concat(parts)));
        done();
      });
    },
  });
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', () => listening()));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuseAll() {
      isRefusing = true;
    },
    async next(address) {
      const endsAt = performance.now() + WITHIN_MS;
      while (performance.now() < endsAt) {
        const mail = mails.find((each) => !given.has(each) && each.to?.[0]?.address === address);
        if (mail !== undefined) {
          given.add(mail);
          return mail;
        }
        await Bun.sleep(10);
      }
      throw new Error(`no mail came for ${address}`);
    },
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => void server.close(() => closed())),
  };
}

/** The one link in a mail's text. */
export function linkIn({ text }: Email): string {
  const links = text?.match(/https?:\S+/g) ?? [];
  const [link] = links;
  if (link === undefined || links.length > 1) throw new Error(`not one link in: ${text}`);
  return link;
}
