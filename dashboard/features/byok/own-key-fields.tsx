/** What the form of a key asks, and what of it goes to the gateway. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { PasswordField, TextField } from '../../shared/components/field.tsx';
import { RadioField } from '../../shared/components/radio-field.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { TextAreaField } from '../../shared/components/text-area.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { optional, type Rule, required, type Values } from '../../shared/forms/use-form.ts';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { workspacesQuery } from '../../shared/workspaces/workspaces-query.ts';
import type { OwnKeyChanges } from './api/change-own-key.ts';
import type { OwnKey, Provider, SecretKind } from './own-key.ts';

export type OwnKeyField =
  | 'provider'
  | 'key'
  | 'name'
  | 'section'
  | 'scope'
  | 'zdr'
  | 'allowed_models'
  | 'allowed_api_key_hashes'
  | 'allowed_user_ids'
  | 'base_url';

export const OWN_KEY_GATEWAY_FIELDS: readonly OwnKeyField[] = [
  ...(['provider', 'key', 'name', 'base_url'] as const),
  ...(['allowed_models', 'allowed_api_key_hashes', 'allowed_user_ids'] as const),
];

export function rulesFor(ownKey: OwnKey | undefined): Readonly<Record<OwnKeyField, Rule<OwnKeyField>>> {
  const isNew = ownKey === undefined;
  return {
    provider: isNew ? required('Choose a provider') : optional,
    key: isNew ? required('Paste the key that the provider has given you') : optional,
    ...{ name: optional, section: optional, scope: optional, zdr: optional, base_url: optional },
    ...{ allowed_models: optional, allowed_api_key_hashes: optional, allowed_user_ids: optional },
  };
}

export function changesOf(values: Values<OwnKeyField>, ownKey: OwnKey | undefined): OwnKeyChanges {
  const key = values.key.trim();
  const baseUrl = values.base_url.trim();
  return {
    ...(key === '' ? {} : { key }),
    name: values.name.trim() === '' ? null : values.name.trim(),
    is_fallback: values.section === 'fallback',
    is_required: values.section === 'required' || (values.section === 'only' && ownKey?.is_required === true),
    is_byok_only: values.section === 'only',
    declared_zdr: values.zdr === '' ? null : values.zdr === 'yes',
    ...listOf('allowed_models', values, ownKey),
    ...listOf('allowed_api_key_hashes', values, ownKey),
    ...listOf('allowed_user_ids', values, ownKey),
    ...(baseUrl === (ownKey?.base_url ?? '') ? {} : { base_url: baseUrl === '' ? null : baseUrl }),
  };
}

type ListField = 'allowed_models' | 'allowed_api_key_hashes' | 'allowed_user_ids';

/** An empty field is no restriction; but a list that lets nothing through, as programs may make one, stays until something is entered. */
function listOf(field: ListField, values: Values<OwnKeyField>, ownKey: OwnKey | undefined): OwnKeyChanges {
  const wanted = lines(values[field]);
  return wanted === null && ownKey?.[field]?.length === 0 ? {} : { [field]: wanted };
}

function lines(text: string): string[] | null {
  const found = text.split(/[\n,]/).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  return found.length === 0 ? null : found;
}

const SECTIONS = [
  {
    value: 'prioritised',
    label: 'First',
    hint: 'Before what the gateway has itself, which serves when this key fails.',
  },
  {
    value: 'required',
    label: 'Always',
    hint: 'For what this key may serve, the gateway’s own is not used, not even when it fails.',
  },
  {
    value: 'only',
    label: 'Never anything else of this provider',
    hint: 'The gateway’s own is not used for any model of this provider.',
  },
  { value: 'fallback', label: 'Last', hint: 'Only when everything else has failed.' },
];

const KEY_HINTS: Readonly<Record<SecretKind, string>> = {
  plain: 'Sealed when it is saved, and never shown again.',
  regional:
    'Sealed when it is saved, and never shown again. For a regional project: {"api_key": "…", "region": "europe"}.',
  azure:
    'A JSON list: [{"resource_name": "…", "api_key": "…"}], or deployments with model_slug, endpoint_url, api_key and model_id.',
  'amazon-bedrock':
    'A Bedrock API key, or {"accessKeyId": "…", "secretAccessKey": "…", "region": "us-east-1"}.',
  'google-vertex': 'The JSON file of a service account; "region" may be added to it.',
};

const ZDR_OPTIONS = [
  { value: '', label: 'As the gateway knows the provider' },
  { value: 'yes', label: 'My account there keeps nothing' },
  { value: 'no', label: 'My account there may keep prompts' },
];

/** In the place of a workspace's id. */
export const EVERY_WORKSPACE = 'every';

export function OwnKeyFields({
  providers,
  ownKey,
  errors,
}: {
  providers: readonly Provider[];
  ownKey: OwnKey | undefined;
  errors: Partial<Record<OwnKeyField, string>>;
}) {
  const workspaces = useQuery(workspacesQuery).data ?? [];
  const chosen = useChosenWorkspace();
  const [slug, setSlug] = useState(ownKey?.provider ?? providers[0]?.slug ?? '');
  const kind = providers.find((provider) => provider.slug === slug)?.kind ?? 'plain';
  const hint =
    ownKey === undefined ? KEY_HINTS[kind] : `Leave it empty to keep ${ownKey.label}. ${KEY_HINTS[kind]}`;
  const key = { label: ownKey === undefined ? 'Key' : 'New key', name: 'key', hint, error: errors.key };
  const listed = (list: readonly string[] | null | undefined) => (list ?? []).join('\n');
  return (
    <>
      {ownKey === undefined && (
        <SelectField
          label="Provider"
          name="provider"
          error={errors.provider}
          options={providers.map((provider) => ({ value: provider.slug, label: provider.name }))}
          value={slug}
          onChange={(event) => setSlug(event.target.value)}
        />
      )}
      {kind === 'plain' || kind === 'regional' ? (
        <PasswordField {...key} autoComplete="off" />
      ) : (
        <TextAreaField {...key} isCode rows={4} autoComplete="off" />
      )}
      <TextField
        label="Name"
        name="name"
        maxLength={255}
        placeholder="Optional"
        defaultValue={ownKey?.name ?? ''}
        error={errors.name}
      />
      <RadioField
        legend="When it is used"
        name="section"
        options={SECTIONS}
        defaultValue={sectionOf(ownKey)}
      />
      <TextAreaField
        label="Models"
        name="allowed_models"
        rows={2}
        isCode
        hint="One a line, such as openai/gpt-4o. Empty: all."
        defaultValue={listed(ownKey?.allowed_models)}
        error={errors.allowed_models}
      />
      <details className="grid gap-4">
        <summary className="cursor-pointer font-medium">Advanced</summary>
        <div className="mt-4 grid gap-4">
          {ownKey === undefined && (
            <SelectField
              label="Where"
              name="scope"
              options={[
                ...(workspaces.length === 0 ? [{ value: '', label: 'The default workspace' }] : []),
                ...workspaces.map(({ id, name, slug }) => ({ value: id, label: plainName(name) || slug })),
                { value: EVERY_WORKSPACE, label: 'Every workspace' },
              ]}
              defaultValue={(chosen ?? workspaces.find(({ is_default }) => is_default))?.id ?? ''}
            />
          )}
          <TextAreaField
            label="API keys"
            name="allowed_api_key_hashes"
            rows={2}
            isCode
            hint="Hashes of the keys that may use it, one a line. Empty: all."
            defaultValue={listed(ownKey?.allowed_api_key_hashes)}
            error={errors.allowed_api_key_hashes}
          />
          <TextAreaField
            label="Members"
            name="allowed_user_ids"
            rows={2}
            isCode
            hint="Ids of the people whose keys may use it, one a line. Empty: all."
            defaultValue={listed(ownKey?.allowed_user_ids)}
            error={errors.allowed_user_ids}
          />
          <SelectField
            label="What its provider keeps"
            name="zdr"
            options={ZDR_OPTIONS}
            defaultValue={ownKey?.declared_zdr == null ? '' : ownKey.declared_zdr ? 'yes' : 'no'}
            hint="Your own word for requests that nobody may keep."
          />
          <TextField
            label="Address"
            name="base_url"
            inputMode="url"
            placeholder="The provider’s own"
            defaultValue={ownKey?.base_url ?? ''}
            error={errors.base_url}
            hint="Only for a host of your own with the provider’s API. To change it, give the key again."
          />
        </div>
      </details>
    </>
  );
}

function sectionOf(ownKey: OwnKey | undefined): string {
  if (ownKey === undefined) return 'prioritised';
  if (ownKey.is_fallback) return 'fallback';
  if (ownKey.is_byok_only) return 'only';
  return ownKey.is_required ? 'required' : 'prioritised';
}
