/**
 * The one provider that may serve a request which holds what that provider sealed. Another could not read it, and would answer as if
 * it had not been there.
 */
import type { Model } from '../catalogue/model.ts';
import type { Origin } from '../chat/origin.ts';
import { invalidRequest, type TurnpikeError } from '../errors.ts';

/**
 * The slug of the latest that serves one of the models; null: none does, or nothing is sealed. Then any may serve, and what others sealed
 * stays out, as after a change of model. A conversation that was compacted, or goes on in a container, cannot do without it: it is
 * refused with a 400.
 */
export function pinOf(models: readonly Model[], origins: readonly Origin[]): string | null {
  const needed = origins.findLast(({ isNeeded }) => isNeeded);
  if (needed !== undefined) {
    if (serves(models, needed.provider)) return needed.provider;
    const names = models.map(({ id }) => id).join(', ');
    throw invalidRequest(
      `This conversation needs what the provider ${shown(needed.provider)} alone has (a compaction of it, or a container), and that provider does not serve ${names}`,
    );
  }
  return origins.findLast(({ provider }) => serves(models, provider))?.provider ?? null;
}

/** A 400: the provider serves the model, and the request or a policy leaves it out. */
export function pinRefusal(pin: string, excludedBy: ReadonlySet<string>): TurnpikeError {
  const reasons = [...excludedBy].filter((word) => word !== PINNED).join(', ');
  return invalidRequest(
    `This conversation holds reasoning that the provider ${pin} sealed and no other can read, and ${pin} may not serve this request` +
      `${reasons === '' ? '' : ` (${reasons})`}. Allow it, or leave the sealed reasoning out.`,
  );
}

/** Why other endpoints were left out of a plan. */
export const PINNED = 'pinned';

function serves(models: readonly Model[], provider: string): boolean {
  return models.some(({ endpoints }) => endpoints.some((endpoint) => endpoint.provider.slug === provider));
}

/** A client can have written anything there. */
function shown(slug: string): string {
  return `"${slug.replace(/[^\w.-]/g, '?').slice(0, 64)}"`;
}
