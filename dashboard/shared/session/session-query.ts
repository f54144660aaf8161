/** Who is signed in, and how one may sign in here: the first thing that every page asks. */
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { ApiError, requestData, setCsrfToken } from '../api/request.ts';
import { leaveFor, signInPath } from './return-to.ts';
import { hasInput, setSessionEnded } from './session-ended.ts';

export type Role = 'member' | 'admin' | 'owner';

export interface Session {
  readonly id: string;
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly email: string;
    readonly email_verified: boolean;
    readonly two_factor_enabled: boolean;
    readonly has_password: boolean;
  };
  readonly account: { readonly id: string; readonly name: string; readonly role: Role };
  readonly csrf_token: string;
}

export interface SignInProvider {
  readonly id: string;
  readonly name: string;
  readonly kind: 'social' | 'oidc';
}

export interface SessionState {
  readonly session: Session | null;
  readonly sign_in: {
    readonly sign_up: 'open' | 'invitation' | 'closed';
    readonly providers: readonly SignInProvider[];
    /** False: the gateway sends no mail, and whoever runs it finds links in its log. */
    readonly mail: boolean;
    readonly setup_needed: boolean;
  };
}

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
