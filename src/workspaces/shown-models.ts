/** Which models a key may use, and which of them its organisation shows to it. */
import type { Principal } from '../auth/principal.ts';
import type { Model } from '../catalogue/model.ts';
import { allowedFor } from '../routing/policy-verdict.ts';
import type { Db } from '../storage/database.ts';
import { findAccount } from '../tenancy/tenants.ts';

type IsUsable = (model: Model) => boolean;

/** By what the key itself may ask for, and what guardrails leave; null: every one. */
export function usableBy(principal: Principal): IsUsable | null {
  const { allowedModels } = principal;
  const isLeft = allowedFor(principal);
  if (allowedModels === undefined) return isLeft;
  return (model) => allowedModels.has(model.id) && (isLeft === null || isLeft(model));
}

/** Null: all of them, as for whoever comes without a good key, which this path asks of nobody. */
export function createShownTo(services: {
  readonly db: Db;
  readonly principalOf: (request: Request) => Promise<Principal | null>;
}): (request: Request) => Promise<IsUsable | null> {
  return async (request) => {
    const principal = await services.principalOf(request);
    if (principal === null || principal.kind === 'management') return null;
    const account = await findAccount(services.db, principal.accountId);
    return account?.is_model_catalogue_filtered === 1 ? usableBy(principal) : null;
  };
}
