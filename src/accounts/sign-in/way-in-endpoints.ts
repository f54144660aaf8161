/** How somebody signs in, listed and changed: what our own rule decides here, and better-auth knows nothing of. */
import { type AuthEndpoint, type AuthEndpointServices, refusal } from '../auth-endpoints.ts';
import { fieldsOf, textOf } from '../auth-fields.ts';
import type { AuthCall } from '../auth-forwarder.ts';
import type { WaysIn } from './ways-in.ts';

export function createWayInEndpoints({
  forward,
  sessions,
  waysIn,
}: Pick<AuthEndpointServices, 'forward' | 'sessions'> & {
  readonly waysIn: WaysIn;
}): readonly AuthEndpoint[] {
  /** Neither whose account it is at the provider, nor anything of a password but that there is one. */
  async function list(call: AuthCall): Promise<Response> {
    const { userId } = await sessions.mustRead(call.request);
    const ways = await waysIn.list(userId);
    return Response.json(
      ways.flatMap((way) =>
        way.kind === 'provider'
          ? [{ id: way.id, providerId: way.providerId, createdAt: way.createdAt, isLast: way.isLast }]
          : [],
      ),
    );
  }

  function remove(kind: 'provider' | 'passkey', path: string, field: string): AuthEndpoint {
    return {
      method: 'POST',
      path,
      answer: async (call, body) => {
        const { userId } = await sessions.mustReadFresh(call.request);
        await waysIn.remove(userId, { kind, id: textOf(body, field) });
        return Response.json({ status: true });
      },
    };
  }

  return [
    { method: 'GET', path: '/list-accounts', answer: list },
    remove('provider', '/unlink-account', 'accountId'),
    remove('passkey', '/passkey/delete-passkey', 'id'),
    {
      method: 'GET',
      path: '/passkey/generate-register-options',
      answer: async (call) => {
        await sessions.mustReadFresh(call.request);
        return await forward(call, { method: 'GET', path: '/passkey/generate-register-options' });
      },
    },
    {
      method: 'POST',
      path: '/passkey/verify-registration',
      answer: async (call, body) => {
        const { userId } = await sessions.mustReadFresh(call.request);
        const answer = await forward(call, {
          ...{ method: 'POST' as const, path: '/passkey/verify-registration' },
          body: fieldsOf(body, ['response', 'name']),
        });
        if (answer.ok) await waysIn.added(userId, { kind: 'passkey' });
        if (answer.status !== 500) return answer;
        // better-auth has one word for a passkey that makes no sense and for a database that is away; the latter fails here too.
        await sessions.mustRead(call.request);
        return refusal(400, 'FAILED_TO_VERIFY_REGISTRATION', 'This passkey could not be added');
      },
    },
  ];
}
