/** The key that an app will get, for its user to change before they agree. */
import { TextField } from '../../shared/components/field.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { LIMIT_RESET_OPTIONS } from '../../shared/forms/limit-reset-options.ts';
import type { Values } from '../../shared/forms/use-form.ts';
import { ExpiryField } from './expiry-field.tsx';
import type { Proposal } from './proposal.ts';

const MAX_LABEL_LENGTH = 100;
export type KeyFieldName = 'key_label' | 'limit' | 'expires_at' | 'expiry_choice';

export const keyRules: Readonly<
  Record<KeyFieldName, (value: string, values: Values<KeyFieldName>) => string | null>
> = {
  key_label: (label) => (label.trim() === '' ? 'Give the key a name, so that you know it later' : null),
  limit: (limit) =>
    limit.trim() === '' || /^\d{1,9}(?:\.\d{1,9})?$/.test(limit.trim())
      ? null
      : 'Enter an amount such as 5 or 2.50, or leave it empty',
  expires_at: (expiresAt, { expiry_choice }) => {
    if (expiry_choice !== 'own') return null;
    return Date.parse(expiresAt) > Date.now() ? null : 'Choose a moment that is still to come';
  },
  expiry_choice: () => null,
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
      <ExpiryField proposed={key.expires_at} error={errors.expires_at} />
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
