/** A program that is told by webhooks, on loopback: it keeps what it gets, and answers as a test wants. */
import { Webhook } from 'standardwebhooks';

export interface Received {
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: it is what a test looks into.
  readonly json: any;
}

export interface Receiver extends Disposable {
  readonly url: string;
  /** For `egress.private_hosts`. */
  readonly host: string;
  readonly received: readonly Received[];
  /** What it answers from now on. */
  answer: (request: Request) => Response | Promise<Response>;
  /** The next one of this kind, and with this in its data, that no earlier call has given. */
  next(kind: string, data?: Readonly<Record<string, unknown>>): Promise<Received>;
}

const WITHIN_MS = 30_000;

export function startReceiver(): Receiver {
  const received: Received[] = [];
  const given = new Set<Received>();
  const receiver: Pick<Receiver, 'answer'> = { answer: () => new Response(null, { status: 204 }) };
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 60,
    fetch: async (request) => {
      const body = await request.text();
      const headers = Object.fromEntries(request.headers);
      received.push({ id: headers['webhook-id'] ?? '', headers, body, json: JSON.parse(body) });
      return await receiver.answer(request);
    },
  });
  const host = `127.0.0.1:${server.port}`;
  return Object.assign(receiver, {
    ...{ host, url: `http://${host}/hook?token=in-the-address`, received },
    async next(kind: string, data: Readonly<Record<string, unknown>> = {}) {
      const endsAt = performance.now() + WITHIN_MS;
      while (performance.now() < endsAt) {
        const found = received.find(
          (one) =>
            !given.has(one) &&
            one.json.type === kind &&
            Object.entries(data).every(([name, value]) => one.json.data[name] === value),
        );
        if (found !== undefined) {
          given.add(found);
          return found;
        }
        await Bun.sleep(10);
      }
      throw new Error(`nothing of the kind ${kind} came`);
    },
    [Symbol.dispose]: () => void server.stop(true),
  });
}

/** Throws unless the official library takes it for the sender's, and of now. */
export function verify(secret: string, { body, headers }: Pick<Received, 'body' | 'headers'>): unknown {
  return new Webhook(secret).verify(body, headers);
}
