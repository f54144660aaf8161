/** The key that an app will get, for its user to change before they agree. */
import { TextField } from '../../shared/components/field.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { amountProblem } from '../../shared/forms/amount.ts';
import { EXPIRY_RULES, type ExpiryFieldName, ExpiryFields } from '../../shared/forms/expiry-field.tsx';
import { LIMIT_RESET_OPTIONS } from '../../shared/forms/limit-reset-options.ts';
import type { Values } from '../../shared/forms/use-form.ts';
import type { Proposal } from './proposal.ts';

const MAX_LABEL_LENGTH = 100;
export type KeyFieldName = 'key_label' | 'limit' | ExpiryFieldName;

export const keyRules: Readonly<
  Record<KeyFieldName, (value: string, values: Values<KeyFieldName>) => string | null>
> = {
  key_label: (label) => (label.trim() === '' ? 'Give the key a name, so that you know it later' : null),
  limit: amountProblem,
  ...EXPIRY_RULES,
};

/** As somebody would type it: 25.50, and no exponent for a tiny one. */
const amountText = (usd: number): string =>
  usd.toLocaleString('en-US', {
    useGrouping: false,
    minimumFractionDigits: Number.isInteger(usd) ? 0 : 2,
    maximumFractionDigits: 9,
  });

export function KeyFields({
  proposal,
  errors,
}: {
  proposal: Proposal;
  errors: Partial<Record<KeyFieldName, string>>;
}) {
  const { key, workspaces } = proposal;
  const workspaceOptions = workspaces.map(({ id, name }) => ({ value: id, label: plainName(name) }));
  return (
    <>
      <TextField
        label="Name of the key"
        name="key_label"
        defaultValue={plainName(key.label)}
        maxLength={MAX_LABEL_LENGTH}
        autoComplete="off"
        error={errors.key_label}
      />
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          label="Limit in USD"
          name="limit"
          inputMode="decimal"
          autoComplete="off"
          placeholder="No limit"
          defaultValue={key.limit === null ? '' : amountText(key.limit)}
          inputClassName="tabular-nums"
          error={errors.limit}
        />
        <SelectField
          label="Limit resets"
          name="usage_limit_type"
          options={LIMIT_RESET_OPTIONS}
          defaultValue={key.usage_limit_type ?? ''}
        />
      </div>
      <ExpiryFields proposed={key.expires_at} error={errors.expires_at} />
      {workspaceOptions.length > 1 ? (
        <SelectField
          label="Workspace"
          name="workspace_id"
          options={workspaceOptions}
          defaultValue={key.workspace_id}
        />
      ) : (
        <input type="hidden" name="workspace_id" value={key.workspace_id} />
      )}
    </>
  );
}
