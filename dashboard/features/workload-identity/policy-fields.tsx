/** What a policy's form asks, and what of it goes to the gateway. */
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { type Option, SelectField } from '../../shared/components/select.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { optional, required, type Values } from '../../shared/forms/use-form.ts';
import type { Issuer, Policy, PolicyFields, TargetKey } from './trust.ts';

export type PolicyField = keyof PolicyFields;

export const POLICY_RULES = {
  name: required('Give the policy a name'),
  issuer_id: required('Choose an issuer'),
  // Blanks count in a claim, and are compared like everything else.
  subject: (value: string) => (value === '' ? 'Enter the subject of the tokens' : null),
  audience: (value: string) => (value === '' ? 'Enter the audience of the tokens' : null),
  required_scope: optional,
  required_token_type: optional,
  target_key_hash: required('Choose a key'),
  enabled: optional,
};

export const POLICY_GATEWAY_FIELDS: readonly PolicyField[] = [
  ...(['name', 'issuer_id', 'subject', 'audience'] as const),
  ...(['required_scope', 'required_token_type', 'target_key_hash'] as const),
];

export function policyFieldsOf(values: Values<PolicyField>): PolicyFields {
  return {
    name: values.name.trim(),
    issuer_id: values.issuer_id,
    subject: values.subject,
    audience: values.audience,
    required_scope: values.required_scope === '' ? null : values.required_scope,
    required_token_type: values.required_token_type === '' ? null : values.required_token_type,
    target_key_hash: values.target_key_hash,
    enabled: values.enabled !== '',
  };
}

export function PolicyFormFields({
  policy,
  issuers,
  targetKeys,
  errors,
}: {
  policy: Policy | undefined;
  issuers: readonly Issuer[];
  targetKeys: readonly TargetKey[];
  errors: Partial<Record<PolicyField, string>>;
}) {
  const claim = { autoComplete: 'off', autoCapitalize: 'none', spellCheck: false };
  return (
    <>
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        placeholder="Deployments of the shop"
        defaultValue={policy?.name}
        error={errors.name}
      />
      <SelectField
        label="Issuer"
        name="issuer_id"
        options={issuers.map(({ id, name }) => ({ value: id, label: plainName(name) }))}
        defaultValue={policy?.issuer_id}
        error={errors.issuer_id}
      />
      <TextField
        {...claim}
        label="Subject"
        name="subject"
        placeholder="repo:acme/shop:ref:refs/heads/main"
        defaultValue={policy?.subject}
        hint="The “sub” of the workload’s tokens."
        error={errors.subject}
      />
      <TextField
        {...claim}
        label="Audience"
        name="audience"
        defaultValue={policy?.audience ?? location.origin}
        hint="Their “aud”, or one of several. This gateway’s address is best: no other service accepts such a token."
        error={errors.audience}
      />
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          {...claim}
          label="Scope (optional)"
          name="required_scope"
          defaultValue={policy?.required_scope ?? undefined}
          hint="One that the claim “scopes” must list."
          error={errors.required_scope}
        />
        <TextField
          {...claim}
          label="Token type (optional)"
          name="required_token_type"
          defaultValue={policy?.required_token_type ?? undefined}
          hint="What the claim “token_type” must be."
          error={errors.required_token_type}
        />
      </div>
      <SelectField
        label="Acts as the key"
        name="target_key_hash"
        options={keyOptions(targetKeys, policy)}
        defaultValue={policy?.target_key_hash}
        hint="Its limit and expiry apply to the workload. Keys made by a person are not offered: they are disabled when that person is removed."
        error={errors.target_key_hash}
      />
      <Checkbox
        name="enabled"
        label="Enabled"
        hint="While it is off, no token is accepted."
        defaultChecked={policy?.enabled ?? true}
      />
    </>
  );
}

/** Without a choice made for one: the first key of a list would be taken by whoever reads too fast. */
function keyOptions(targetKeys: readonly TargetKey[], policy: Policy | undefined): Option[] {
  const options = targetKeys.map(({ hash, name, label, disabled }) => ({
    value: hash,
    label: `${plainName(name)} (${label})${disabled ? ', disabled' : ''}`,
  }));
  const isChosen = options.some(({ value }) => value === policy?.target_key_hash);
  return isChosen ? options : [{ value: '', label: 'Choose a key' }, ...options];
}
