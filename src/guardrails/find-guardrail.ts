/** Guardrails as they are found: those that have a row, and the default ones, which are there from the start and say nothing. */
import { TurnpikeError } from '../errors.ts';
import { UUID } from '../keys/key-fields.ts';
import {
  ACCOUNT_GUARDRAIL_NAME,
  accountGuardrailId,
  defaultGuardrailId,
  defaultGuardrailName,
} from '../policy/default-guardrail.ts';
import type { Db } from '../storage/database.ts';
import { findAccount, findWorkspace } from '../tenancy/tenants.ts';
import { workspaceReader } from '../tenancy/workspace-reader.ts';
import { findGuardrail, type GuardrailRow, listGuardrails, type Paged } from './store.ts';

const SAYS_NOTHING = {
  description: null,
  limit_nano_usd: null,
  reset_interval: null,
  include_byok_in_budgets: 0,
  allowed_models: null,
  ignored_models: null,
  allowed_providers: null,
  ignored_providers: null,
  allowed_data_regions: null,
  enforce_zdr_anthropic: null,
  enforce_zdr_openai: null,
  enforce_zdr_google: null,
  enforce_zdr_xai: null,
  enforce_zdr_other: null,
  allow_safety_retention_google: null,
  allow_safety_retention_other: null,
  enable_paid_model_training: null,
  enable_free_model_training: null,
  enable_free_model_publication: null,
  content_filter_builtins: null,
  content_filters: null,
  updated_at_ms: null,
} as const satisfies Partial<GuardrailRow>;

export function newGuardrail(
  facts: Pick<GuardrailRow, 'account_id' | 'id' | 'workspace_id' | 'applies_to' | 'name' | 'created_at_ms'>,
): GuardrailRow {
  return { ...SAYS_NOTHING, ...facts };
}

function unconfiguredDefault(
  accountId: string,
  workspace: { readonly id: string; readonly created_at_ms: number },
): GuardrailRow {
  return newGuardrail({
    ...{ account_id: accountId, id: defaultGuardrailId(workspace.id), workspace_id: workspace.id },
    ...{ applies_to: 'workspace', name: defaultGuardrailName(workspace.id) },
    created_at_ms: workspace.created_at_ms,
  });
}

/** As it stands, configured or not. Throws 404 for ids of nobody and of others alike. */
export async function mustFindGuardrail(db: Db, accountId: string, givenId: string): Promise<GuardrailRow> {
  const found = UUID.test(givenId) ? await lookUp(db, accountId, givenId.toLowerCase()) : undefined;
  if (found === undefined) throw new TurnpikeError('not_found');
  return found;
}

async function lookUp(db: Db, accountId: string, id: string): Promise<GuardrailRow | undefined> {
  const row = await findGuardrail(db, accountId, id);
  if (row !== undefined) return row;
  if (id === accountGuardrailId(accountId)) {
    const account = await findAccount(db, accountId);
    if (account === undefined) return undefined;
    return newGuardrail({
      ...{ account_id: accountId, id, workspace_id: null, applies_to: 'account' },
      ...{ name: ACCOUNT_GUARDRAIL_NAME, created_at_ms: account.created_at_ms },
    });
  }
  const workspaces = await workspaceReader(db).list(accountId);
  const named = workspaces.find((one) => defaultGuardrailId(one.id) === id);
  const workspace = named === undefined ? undefined : await findWorkspace(db, accountId, named.id);
  return workspace === undefined ? undefined : unconfiguredDefault(accountId, workspace);
}

/** The workspace's default one, and then the others, the newest first. */
export async function guardrailsOf(
  db: Db,
  accountId: string,
  workspace: { readonly id: string; readonly created_at_ms: number },
  { offset, limit }: Paged,
): Promise<{ rows: GuardrailRow[]; total: number }> {
  const isFirstPage = offset === 0;
  const page = { offset: Math.max(0, offset - 1), limit: isFirstPage ? limit - 1 : limit };
  const { rows, total } = await listGuardrails(db, accountId, workspace.id, page);
  if (!isFirstPage) return { rows, total: total + 1 };
  const stored = await findGuardrail(db, accountId, defaultGuardrailId(workspace.id));
  return { rows: [stored ?? unconfiguredDefault(accountId, workspace), ...rows], total: total + 1 };
}
