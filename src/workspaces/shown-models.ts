/** Which models an organisation shows to its own keys. */
import type { Authenticate } from '../auth/authenticate.ts';
import type { Principal } from '../auth/principal.ts';
import type { Model } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';
import type { Db } from '../storage/database.ts';
import { findAccount } from '../tenancy/tenants.ts';

type IsUsable = (model: Model) => boolean;

export const usableBy =
  ({ allowedModels }: Principal): IsUsable =>
  ({ id }) =>
    allowedModels === undefined || allowedModels.has(id);

/** Null: all of them, as for whoever comes without a good key, which this path asks of nobody. */
export function createShownTo(services: {
  readonly db: Db;
  readonly authenticate: Authenticate;
}): (request: Request) => Promise<IsUsable | null> {
  return async (request) => {
    if (!request.headers.has('authorization')) return null;
    const principal = await callerOf(services.authenticate, request);
    if (principal === null || principal.kind === 'management') return null;
    const account = await findAccount(services.db, principal.accountId);
    return account?.is_model_catalogue_filtered === 1 ? usableBy(principal) : null;
  };
}

async function callerOf(authenticate: Authenticate, request: Request): Promise<Principal | null> {
  try {
    return await authenticate(request, 'anyKey');
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return null;
    throw thrown;
  }
}
