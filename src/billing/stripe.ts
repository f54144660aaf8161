/** The payment provider: Stripe's own library, loaded when somebody buys or Stripe calls for the first time. */
import type Stripe from 'stripe';
import type { StripeAccess } from '../config/purchases.ts';
import { TurnpikeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { VERSION } from '../version.ts';

export type { Stripe };

/** A buyer waits for it. */
const TIMEOUT_MS = 20_000;
const RETRIES = 2;

/** Which keys move real money (Stripe names them so). */
export const isLiveKey = (secretKey: string): boolean => /^(?:sk|rk)_live_/.test(secretKey);

export type StripeOf = () => Promise<Stripe>;

/** By the key that there is when it is called. Rejects with 503 where nothing can be bought here. */
export function stripeConnector(accessOf: () => Pick<StripeAccess, 'secretKey' | 'apiUrl'>): StripeOf {
  let connected: { readonly secretKey: string; readonly client: Promise<Stripe> } | null = null;
  return () => {
    const { secretKey, apiUrl } = accessOf();
    if (secretKey === null) return Promise.reject(new TurnpikeError('unavailable'));
    if (connected?.secretKey !== secretKey)
      connected = { secretKey, client: connect(secretKey, new URL(apiUrl)) };
    return connected.client;
  };
}

async function connect(secretKey: string, { hostname, port, protocol }: URL): Promise<Stripe> {
  const { default: StripeClient } = await import('stripe');
  return new StripeClient(secretKey, {
    host: hostname,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    protocol: protocol === 'https:' ? 'https' : 'http',
    httpClient: StripeClient.createFetchHttpClient(),
    timeout: TIMEOUT_MS,
    maxNetworkRetries: RETRIES,
    telemetry: false,
    appInfo: { name: 'Turnpike', version: VERSION },
  });
}

/** What Stripe says of a failure, without what was sent: its own words may hold parts of a key or a card. */
export interface StripeFailure {
  readonly type: string;
  readonly code: string | null;
  readonly status: number | null;
  /** Stripe's name for the request, for its support. */
  readonly request: string | null;
}

export function stripeFailure(thrown: unknown): StripeFailure {
  const { type, code, statusCode, requestId } = (thrown ?? {}) as Record<string, unknown>;
  return {
    type: typeof type === 'string' ? type : thrown instanceof Error ? thrown.name : 'unknown',
    code: typeof code === 'string' ? code : null,
    status: typeof statusCode === 'number' ? statusCode : null,
    request: typeof requestId === 'string' ? requestId : null,
  };
}

/** Whether it is certain that Stripe has no such thing; `what`: by the name of the parameter. */
export function isMissingThere(thrown: unknown, what?: 'customer'): boolean {
  const { param } = (thrown ?? {}) as { readonly param?: unknown };
  return stripeFailure(thrown).code === 'resource_missing' && (what === undefined || param === what);
}

/** For whoever waits for an answer: what went wrong is the operator's to know. */
export async function askStripe<T>(logger: Logger, what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) throw thrown;
    logger.error('stripe_failed', { what, ...stripeFailure(thrown) });
    throw new TurnpikeError('unavailable', {
      message: 'The payment provider could not be asked; nothing was charged. Try again in a moment.',
      retryAfterSeconds: 10,
    });
  }
}
