/** What a key says of its requests when the money they need is spent, in the place of what the installation's settings say. No I/O. */
import { z } from 'zod';
import type { OnExhaust } from '../auth/principal.ts';
import { invalidField } from '../errors.ts';
import { nonEmpty } from './key-fields.ts';
import type { KeyRow } from './store.ts';

const MAX_MODEL_CHARACTERS = 256;

/** Null: as the key that made it says, else the installation. */
export const onExhaust = z
  .discriminatedUnion(
    'action',
    [
      z.object({
        action: z.literal('refuse'),
        model: z.null('must be null, as nobody takes over').optional(),
      }),
      z.object({
        action: z.literal('downgrade'),
        model: nonEmpty.max(MAX_MODEL_CHARACTERS, `must have at most ${MAX_MODEL_CHARACTERS} characters`),
      }),
    ],
    'must be {"action": "refuse"}, {"action": "downgrade", "model": "…"} or null',
  )
  .transform(({ action, model = null }): OnExhaust => ({ action, model }))
  .nullable();

export type OnExhaustColumns = Pick<KeyRow, 'on_exhaust' | 'on_exhaust_model'>;

export function onExhaustColumns(wanted: OnExhaust | null): OnExhaustColumns {
  return { on_exhaust: wanted?.action ?? null, on_exhaust_model: wanted?.model ?? null };
}

export function onExhaustOf({
  on_exhaust: action,
  on_exhaust_model: model,
}: OnExhaustColumns): OnExhaust | null {
  return action === null ? null : { action, model };
}

/** With the id that the model is listed by. `chatModelId`: null for what is none that can be asked here. Throws a 400. */
export function withKnownModel(
  wanted: OnExhaust | null,
  chatModelId: (id: string) => string | null,
): OnExhaust | null {
  if (wanted?.model == null) return wanted;
  const model = chatModelId(wanted.model);
  if (model === null)
    throw invalidField('on_exhaust.model', 'names no chat model that can be called; see GET /api/v1/models');
  return { action: wanted.action, model };
}
