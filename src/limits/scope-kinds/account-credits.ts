/** The account's credits: what it was given, as a limit for all time. Enforced when `billing.mode` is `prepaid`. */
import type { Config } from '../../config/config.ts';
import { creditsOf } from '../../credits/ledger.ts';
import type { ScopeKind } from '../scope-kind.ts';

export const ACCOUNT_SCOPE = 'account';

export function accountCredits(billing: Config['billing']): ScopeKind {
  const isEnforced = billing.mode === 'prepaid';
  return {
    kind: ACCOUNT_SCOPE,
    lifetime: 'shared',
    refusal: {
      code: 'insufficient_credits',
      limitSource: 'openrouter_credits',
      scope: 'credits',
      headline: () => 'Insufficient credits',
      remedy: 'Add credits to the account.',
      blocksFreeWhenNegative: true,
    },
    ignoresByok: true,
    changedBy: 'account',
    scopesOfRow: ({ accountId }) => [accountId],
    rulesFor: (principal, credits) => [
      {
        id: principal.accountId,
        limitNanoUsd: isEnforced ? credits.creditsNanoUsd : null,
        windowKind: 'all',
        countsByok: false,
      },
    ],
    readLimit: async (db, id) => ({
      limitNanoUsd: isEnforced ? (await creditsOf(db, id)).creditsNanoUsd : null,
      windowKind: 'all',
      countsByok: false,
    }),
  };
}
