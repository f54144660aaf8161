/** What shows a receiver that a message is ours, and of now: Standard Webhooks, symmetric (`v1`). No I/O. */
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** `id`: of the message, the same at each attempt, so that whoever gets it twice knows. `secrets`: each signs, the newest first. */
export function signedHeaders(
  secrets: readonly string[],
  { id, atMs, body }: { readonly id: string; readonly atMs: number; readonly body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'content-type': 'application/json',
    'user-agent': 'Turnpike-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
