/** Where a webhook is told and what signs what it is told; sealed, since whoever knows either may speak in somebody's name. */
import { randomBytes } from 'node:crypto';
import { webhookContext } from '../vault/contexts.ts';
import { open, seal } from '../vault/seal.ts';

export interface Target {
  readonly url: string;
  readonly secret: string;
  /** The secret before, which signs too until then, so that its receiver has time to change it; null: there is none. */
  readonly previous: { readonly secret: string; readonly untilMs: number } | null;
}

/** Within the 24 to 64 bytes that Standard Webhooks asks for. */
const SECRET_BYTES = 32;

/** As Standard Webhooks writes them: `whsec_` and base64. */
export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

interface Place {
  readonly account_id: string;
  readonly id: string;
}

export function sealTarget(masterKey: Uint8Array, place: Place, target: Target): string {
  return seal(masterKey, JSON.stringify(target), webhookContext(place.account_id, place.id));
}

/** Throws a `VaultError` where it was moved, changed, or sealed by another master key. */
export function openTarget(masterKey: Uint8Array, row: Place & { readonly sealed_target: string }): Target {
  return JSON.parse(open(masterKey, row.sealed_target, webhookContext(row.account_id, row.id))) as Target;
}
