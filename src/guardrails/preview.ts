/** What a guardrail that is being written would leave of the models: nothing is stored. */
import type { Endpoint, Model } from '../catalogue/model.ts';
import type { Policy } from '../policy/policy.ts';
import { policyOfDraft } from '../policy/read-policy.ts';
import { brokenRules, exclusionByPolicy } from '../routing/policy-verdict.ts';
import type { Preview } from './answers.ts';
import { columnsOf } from './columns.ts';
import type { GuardrailPatch } from './fields.ts';
import type { GuardrailServices } from './services.ts';
import type { GuardrailRow } from './store.ts';

/** @param before as it is stored, or one that says nothing */
export async function previewOf(
  services: GuardrailServices,
  before: GuardrailRow,
  wanted: GuardrailPatch,
): Promise<Preview> {
  const draft = { ...before, ...(await columnsOf(services, wanted, before)) };
  const place = { accountId: draft.account_id, workspaceId: draft.workspace_id };
  const policy = await policyOfDraft(services.database.db, place, draft);
  const models = services.catalogue().models.map((model) => modelOf(policy, model, draft.id));
  const allowed = models.filter(({ is_allowed }) => is_allowed).length;
  return { allowed_count: allowed, total_count: models.length, models };
}

function modelOf(policy: Policy | null, model: Model, draftId: string): Preview['models'][number] {
  const barred = (endpoint: Endpoint) =>
    policy !== null && exclusionByPolicy(policy, model, endpoint) !== null;
  const open = model.endpoints.filter((endpoint) => !barred(endpoint));
  const shut = policy === null ? [] : model.endpoints.filter(barred);
  const rules = shut.flatMap((endpoint) =>
    policy === null
      ? []
      : brokenRules(policy, model, endpoint).map(({ layer, field }) =>
          // Of this one only the rule needs saying.
          layer.guardrailId === draftId ? field : `${field} (${layer.name})`,
        ),
  );
  return {
    ...{ id: model.id, name: model.name, is_allowed: open.length > 0 },
    providers: namesOf(open),
    left_out_providers: namesOf(shut),
    left_out_by: [...new Set(rules)],
  };
}

const namesOf = (endpoints: readonly Endpoint[]): string[] => [
  ...new Set(endpoints.map(({ provider }) => provider.name)),
];
