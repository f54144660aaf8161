/** What an app asks for, and what its user may make of it. */

import type { Proposal } from '../../../src/oauth/answers.ts';

export type { Proposal };

/** Asked by an extension, to which its editor hands the answer on: the browser stays where it is. */
export function isOfEditor({ app }: Pick<Proposal, 'app'>): boolean {
  return app.host?.includes('://') ?? false;
}

/** What the app says and its user cannot change: it goes back as it came, and nothing else of the address does. */
export const REQUEST_FIELDS = [
  'callback_url',
  'redirect_uri',
  'response_type',
  'client_id',
  'state',
  'scope',
  'code_challenge',
  'code_challenge_method',
] as const;
