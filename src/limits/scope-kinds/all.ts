/** Every kind of scope there is, in the order in which they refuse. A new kind is one file beside this one, and a line here. */
import type { Config } from '../../config/config.ts';
import type { GenerationOwner, ScopeKind } from '../scope-kind.ts';
import { accountCredits } from './account-credits.ts';
import { keyLimit } from './key-limit.ts';

export function scopeKinds(billing: Config['billing']): readonly ScopeKind[] {
  return [accountCredits(billing), keyLimit];
}

/** Kinds whose leases nothing leaves that went through callers' own provider keys. */
export const IGNORE_BYOK: ReadonlySet<string> = new Set(
  scopeKinds({ mode: 'off' }).flatMap(({ kind, ignoresByok }) => (ignoresByok === true ? [kind] : [])),
);

/** By kind: the scopes that the row of a generation tells. Which they are does not depend on the billing. */
export const TOLD_BY_ROW: ReadonlyMap<string, (generation: GenerationOwner) => string> = new Map(
  scopeKinds({ mode: 'off' }).flatMap(({ kind, scopeOfRow }) =>
    scopeOfRow === undefined ? [] : [[kind, scopeOfRow] as const],
  ),
);
