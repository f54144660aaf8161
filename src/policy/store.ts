/** SQL on the guardrails that bind one key. */
import { sql } from 'kysely';
import type { Db } from '../storage/database.ts';
import type { GuardrailTable } from '../storage/guardrail-tables.ts';
import type { LayerScope } from './policy.ts';

/** Whom a key belongs to: what guardrails reach it by. */
export interface KeyPlace {
  readonly accountId: string;
  readonly workspaceId: string | null;
  readonly creatorUserId: string | null;
  readonly keyHash: string;
}

export type BindingGuardrail = GuardrailTable & { readonly via: LayerScope };

/** One query; a guardrail that reaches the key in two ways is there twice. */
export async function guardrailsOver(db: Db, place: KeyPlace): Promise<BindingGuardrail[]> {
  const { accountId, workspaceId, creatorUserId, keyHash } = place;
  const general = db
    .selectFrom('guardrail')
    .selectAll('guardrail')
    .select(sql<LayerScope>`applies_to`.as('via'))
    .where('account_id', '=', accountId)
    .where((where) =>
      where.or([
        where('applies_to', '=', 'account'),
        where.and([where('applies_to', '=', 'workspace'), where('workspace_id', '=', workspaceId)]),
      ]),
    );
  const ofKey = db
    .selectFrom('guardrail_key as bound')
    .innerJoin('guardrail', (join) =>
      join
        .onRef('guardrail.account_id', '=', 'bound.account_id')
        .onRef('guardrail.id', '=', 'bound.guardrail_id'),
    )
    .selectAll('guardrail')
    .select(sql<LayerScope>`'key'`.as('via'))
    .where('bound.account_id', '=', accountId)
    .where('bound.key_hash', '=', keyHash);
  const ofMember = db
    .selectFrom('guardrail_member as bound')
    .innerJoin('guardrail', (join) =>
      join
        .onRef('guardrail.account_id', '=', 'bound.account_id')
        .onRef('guardrail.id', '=', 'bound.guardrail_id'),
    )
    .selectAll('guardrail')
    .select(sql<LayerScope>`'member'`.as('via'))
    .where('bound.account_id', '=', accountId)
    .where('bound.user_id', '=', creatorUserId ?? '');
  const rows = await general.unionAll(ofMember).unionAll(ofKey).execute();
  return rows as BindingGuardrail[];
}

/** One look-up by primary key. */
export function findGuardrail(db: Db, accountId: string, id: string): Promise<GuardrailTable | undefined> {
  return db
    .selectFrom('guardrail')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst();
}
