/** What we tell better-auth's handler and hooks beside the request itself: headers that no client's own can take the place of. */
export const CLIENT_ADDRESS_HEADER = 'x-turnpike-client-address';
export const INVITATION_HEADER = 'x-invitation-token';
/** Names one call, so that a hook can tell its caller what happened. */
export const CALL_HEADER = 'x-turnpike-call';
export const SIGNED_IN_USER_HEADER = 'x-turnpike-signed-in-user';
