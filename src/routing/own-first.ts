/**
 * The place of callers' own keys in a plan: those of the first section before everything that the operator has, those of the second
 * behind it. Filters and data policies have decided before which endpoints there are; a key adds none but by its owner's statement
 * of what its provider keeps.
 */
import type { Endpoint, Model } from '../catalogue/model.ts';
import type { OwnCredential, OwnCredentials } from './credential.ts';
import type { Candidate } from './plan.ts';

export interface OwnPlan {
  readonly own: OwnCredentials;
  /** Whether the request may be seen by nobody who keeps it, by the model that it goes to. */
  readonly wantsZdr: (model: Model) => boolean;
  /** Of the operator's, those that may not serve, though a caller's own key may there. */
  readonly barred: ReadonlySet<Candidate>;
}

/** @param ordered endpoints in the order in which they are tried; within one, the keys of a section in their own order. */
export function withOwnKeys(ordered: readonly Candidate[], plan: OwnPlan): readonly Candidate[] {
  const prioritised: Candidate[] = [];
  const shared: Candidate[] = [];
  const fallback: Candidate[] = [];
  for (const candidate of ordered) {
    const { model, endpoint } = candidate;
    const matching = ownFor(plan.own, model, endpoint);
    for (const credential of matching) {
      if (!maySee(credential, plan.wantsZdr(model), endpoint) || isShadowed(credential, matching)) continue;
      const own = { model, endpoint, credential };
      if (credential.section === 'prioritised') prioritised.push(own);
      else fallback.push(own);
    }
    if (!plan.barred.has(candidate) && isSharedOpen(plan.own, matching, endpoint)) shared.push(candidate);
  }
  return [...prioritised, ...shared, ...fallback];
}

/** The caller's own keys for a model at a provider. */
export function ownFor(own: OwnCredentials, model: Model, { provider }: Endpoint): readonly OwnCredential[] {
  return own.all.filter((credential) => credential.provider === provider.slug && mayServe(credential, model));
}

function mayServe({ models }: OwnCredential, { id, canonicalSlug }: Model): boolean {
  return models === null || models.has(id.toLowerCase()) || models.has(canonicalSlug.toLowerCase());
}

/** Its owner's statement decides, and where there is none what is known of the endpoint. */
export function maySee(
  { declaredZdr }: OwnCredential,
  wantsZdr: boolean,
  { provider: { training, retainsPrompts } }: Endpoint,
): boolean {
  return !wantsZdr || (declaredZdr ?? !(training || retainsPrompts));
}

/** A statement must not lead around what a key of the first section without one forbids. */
function isShadowed(credential: OwnCredential, matching: readonly OwnCredential[]): boolean {
  if (credential.section === 'prioritised' || credential.declaredZdr === null) return false;
  return matching.some(({ isRequired, declaredZdr }) => isRequired && declaredZdr === null);
}

function isSharedOpen(
  { withoutShared }: OwnCredentials,
  matching: readonly OwnCredential[],
  { provider }: Endpoint,
): boolean {
  return !withoutShared.has(provider.slug) && !matching.some(({ isRequired }) => isRequired);
}
