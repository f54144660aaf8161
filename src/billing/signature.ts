/** Whether an event comes from Stripe, and came now: its library checks the signature over the bytes as they were sent. */
import { TurnpikeError } from '../errors.ts';
import type { Stripe } from './stripe.ts';

/** Of the clocks of both, in either direction; what is older may be a recording. */
const TOLERANCE_SECONDS = 300;

/** Throws 400 for anything that Stripe has not signed with this secret within the last minutes. */
export async function verifiedEvent(
  body: Uint8Array,
  header: string | null,
  secret: string,
  nowMs: number,
): Promise<Stripe.Event> {
  const { default: StripeClient } = await import('stripe');
  const signedAtMs = signedAt(header);
  try {
    const event = await StripeClient.webhooks.constructEventAsync(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      header ?? '',
      secret,
      TOLERANCE_SECONDS,
      undefined,
      nowMs,
    );
    // The library looks at the past alone.
    if (signedAtMs === null || signedAtMs - nowMs > TOLERANCE_SECONDS * 1000) throw refused();
    return event;
  } catch (thrown) {
    throw refused(thrown);
  }
}

/** The one moment that the header names; null: none, several, or no moment. */
function signedAt(header: string | null): number | null {
  const moments = (header ?? '').split(',').filter((part) => part.startsWith('t='));
  const seconds = moments.length === 1 ? /^t=(\d{1,12})$/.exec(moments[0] ?? '')?.[1] : undefined;
  return seconds === undefined ? null : Number(seconds) * 1000;
}

function refused(cause?: unknown): TurnpikeError {
  return new TurnpikeError('invalid_request', {
    message: 'This event is not signed by the payment provider, or not of these minutes',
    cause,
  });
}
