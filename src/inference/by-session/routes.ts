/**
 * Chat for somebody who is signed in, by one of their own keys: what the Playground asks. From here on it is a request of that key
 * like any other, with its limits, holds, records and refusals; the key's secret has no part in it.
 */
import type { OwnKey } from '../../auth/own-key.ts';
import type { Principal } from '../../auth/principal.ts';
import { type TurnpikeError, toTurnpikeError } from '../../errors.ts';
import { type Call, type KeyCall, type Route, type SessionCall, sessionRoute } from '../../http/route.ts';
import { single } from '../../query.ts';

/** The path that a refusal is recorded under: what it was refused as. */
const CHAT_PATH = '/api/v1/chat/completions';

export interface SessionChatServices {
  readonly ownKey: OwnKey;
  readonly onRefused: (
    path: string,
    call: Pick<KeyCall, 'principal' | 'requestId'>,
    error: TurnpikeError,
  ) => void;
}

/** What inference asks of a call; a WebSocket alone asks for the gate. */
export type ChatCall = Omit<KeyCall, 'gate'>;

export function sessionChatRoute(
  { ownKey, onRefused }: SessionChatServices,
  chat: (call: ChatCall) => Promise<Response>,
): Route {
  return sessionRoute('POST', '/api/dashboard/chat/completions', 'member', async (call: SessionCall) => {
    const principal = await ownKey(call.session, single(call.url.searchParams, 'api_key_hash') ?? '');
    try {
      return await chat(callOf(call, principal));
    } catch (thrown) {
      const error = toTurnpikeError(thrown);
      onRefused(CHAT_PATH, { principal, requestId: call.requestId }, error);
      throw error;
    }
  });
}

function callOf(call: Call, principal: Principal): ChatCall {
  const { request, url, params, requestId, clientAddress } = call;
  return {
    ...{ request, url, params, requestId, clientAddress, principal },
    keepOpen: () => call.keepOpen(),
    upgrade: (handler) => call.upgrade(handler),
  };
}
