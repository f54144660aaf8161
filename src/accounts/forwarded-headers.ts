/** What we tell better-auth's handler and hooks beside the request itself: headers that no client's own can take the place of. */
export const CLIENT_ADDRESS_HEADER = 'x-turnpike-client-address';
export const INVITATION_HEADER = 'x-invitation-token';
export const SIGNED_IN_USER_HEADER = 'x-turnpike-signed-in-user';
