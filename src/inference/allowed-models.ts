/** The models that a key may ask for, where it may not ask for all. */
import type { Principal } from '../auth/principal.ts';
import type { Model } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';
import type { PlannedModel } from '../routing/plan.ts';
import type { Asker } from './admission.ts';

export function mayAsk({ allowedModels }: Pick<Asker, 'allowedModels'>, { id }: Pick<Model, 'id'>): boolean {
  return allowedModels === undefined || allowedModels.has(id);
}

/** Judged by what was resolved, whatever it was called. Throws a 403 where none of them is allowed; the rest is passed over. */
export function allowedAmong(principal: Principal, models: readonly PlannedModel[]): readonly PlannedModel[] {
  if (principal.allowedModels === undefined) return models;
  const allowed = models.filter(({ model }) => mayAsk(principal, model));
  if (allowed.length > 0) return allowed;
  throw new TurnpikeError('permission_denied', {
    message: 'This API key may not use the requested model',
    metadata: { reason: 'model_not_allowed', allowed_models: [...principal.allowedModels] },
  });
}
