/** Which model takes over from which when money is spent: as the key says, else as the installation's settings do. */
import type { Principal } from '../auth/principal.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Model } from '../catalogue/model.ts';
import { type Downgrades, isFreeEndpoint } from '../catalogue/routers.ts';
import type { BudgetsConfig } from '../config/routing.ts';
import type { JsonObject } from '../json.ts';
import type { Asker } from './admission.ts';
import type { ModelKind } from './resolve.ts';

const NOBODY: Pick<Downgrades, 'get'> = new Map();

/** A key's model that is not in the catalogue any more takes over from nobody. */
export function downgradesOf(
  catalogue: Catalogue,
  { onExhaust }: Pick<Asker, 'onExhaust'>,
  kind: ModelKind,
): Pick<Downgrades, 'get'> {
  if (kind !== 'chat') return NOBODY;
  if (onExhaust === undefined) return catalogue.downgrades;
  const target = onExhaust.model === null ? undefined : catalogue.find(onExhaust.model)?.model;
  if (target === undefined) return NOBODY;
  return {
    get: (asked: Model) => (asked === target || asked.endpoints.every(isFreeEndpoint) ? undefined : target),
  };
}

/** What holds for this key, and who says so. `model`: the key's own; the installation's rules name one for each model. */
export function onExhaustJson(
  budgets: Pick<BudgetsConfig, 'downgrade'>,
  { onExhaust }: Pick<Principal, 'onExhaust'>,
): JsonObject {
  if (onExhaust !== undefined) return { action: onExhaust.action, model: onExhaust.model, set_by: 'key' };
  return {
    action: budgets.downgrade.length === 0 ? 'refuse' : 'downgrade',
    model: null,
    set_by: 'installation',
  };
}
