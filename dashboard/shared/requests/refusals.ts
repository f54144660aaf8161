/** What was refused before any provider was asked, why, and what helps. */
import { queryOptions } from '@tanstack/react-query';
import type { RefusalPageAnswer } from '../../../src/metering/answers.ts';
import { request } from '../api/request.ts';

/** The newest of them. Null: of every key that one may see, of every workspace. */
export const newestRefusalsQuery = (keyHash: string | null, workspaceId: string | null = null) =>
  queryOptions({
    queryKey: ['refusals', 'newest', keyHash, workspaceId],
    queryFn: async ({ signal }) => {
      const query = new URLSearchParams({
        limit: '5',
        ...(keyHash === null ? {} : { api_key_hash: keyHash }),
        ...(workspaceId === null ? {} : { workspace_id: workspaceId }),
      });
      return (await request<RefusalPageAnswer>('GET', `/api/dashboard/refusals?${query}`, { signal })).data;
    },
    refetchInterval: 60_000,
  });

/** By the gateway's word for it. */
const REMEDIES: Readonly<Record<string, string>> = {
  key_limit_exceeded: 'Raise the limit of this key, or wait until it resets.',
  insufficient_credits: 'The account has no credit left: an admin has to add some.',
  in_flight_budget_exhausted:
    'Other requests hold what is left. Send it again when they have ended, send fewer at once, or raise the limit.',
  unpriceable_request: 'The model has no price for what was asked. Name an output cap, or ask another model.',
  rate_limit_exceeded: 'Send fewer requests at once, or wait as long as the answer’s Retry-After says.',
  key_disabled: 'Enable the key again.',
  key_expired: 'Create a new key: an expired one cannot be used again.',
  model_not_found: 'Check the name of the model: the Models page lists what this gateway offers.',
  no_endpoints: 'No provider may serve this. Check the provider preferences that the app sends.',
  invalid_request: 'The app sends what the API does not take: the message names the field.',
  context_length_exceeded: 'Send a shorter prompt, or ask a model with a longer context.',
  payload_too_large: 'Send less in one request.',
  unsupported_media_type: 'Let the app send application/json, without compression.',
  management_key_not_allowed: 'Use an API key: management keys are for administration alone.',
  management_key_required: 'Use a management key: an API key cannot do that.',
  login_refused: 'Sign in to the provider again, and send its new login.',
  unavailable: 'The gateway was too busy, or stopped. Send it again in a moment.',
  internal: 'Something went wrong in the gateway: its log has the request’s id.',
};

/** Null: the message says all there is. */
export const remedyOf = (reason: string): string | null =>
  Object.hasOwn(REMEDIES, reason) ? (REMEDIES[reason] ?? null) : null;
