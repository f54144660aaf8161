/** Who is signed in, and how one may sign in here: the first thing that every page asks. */

import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import type { Role, Session, SessionState, SignInProvider } from '../../../src/accounts/answers.ts';
import { ApiError, requestData, setCsrfToken } from '../api/request.ts';
import { setReportZone } from '../format/report-zone.ts';
import { leaveFor, signInPath } from './return-to.ts';
import { hasInput, setSessionEnded } from './session-ended.ts';

export type { Role, Session, SessionState, SignInProvider };

/** Who this document was made for. */
let signedInUser: string | null = null;

/**
 * No page that was made for a session gets to see that it is over: the whole document goes. Unless somebody is filling in a form:
 * then it stays as it is, and says so, until they have signed in beside it.
 */
function leaveForSignIn(): Promise<never> {
  if (hasInput()) {
    setSessionEnded(true);
    throw new ApiError('Your session ended', 401, 'not_signed_in');
  }
  leaveFor(signInPath());
  return new Promise(() => {});
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<SessionState> => {
    const state = await requestData<SessionState>('GET', '/api/dashboard/session', { signal });
    if (state.session === null && signedInUser !== null) return leaveForSignIn();
    const userId = state.session?.user.id ?? null;
    if (signedInUser !== null && userId !== signedInUser) {
      location.reload();
      return new Promise(() => {});
    }
    signedInUser = userId;
    setSessionEnded(false);
    setCsrfToken(state.session?.csrf_token ?? null);
    setReportZone(state.session?.account.time_zone ?? 'UTC');
    return state;
  },
  staleTime: 60_000,
});

export function useSessionState(): SessionState {
  return useSuspenseQuery(sessionQuery).data;
}

/** On pages behind the sign-in: the router lets nobody else through. */
export function useSession(): Session {
  const { session } = useSessionState();
  if (session === null) throw new Error('This page is for people who are signed in');
  return session;
}

const RANKS: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 };

export function hasRole(session: Session, atLeast: Role): boolean {
  return RANKS[session.account.role] >= RANKS[atLeast];
}
