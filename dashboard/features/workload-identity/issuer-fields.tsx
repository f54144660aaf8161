/** What an issuer's form asks, and what of it goes to the gateway. */
import { useState } from 'react';
import { TextField } from '../../shared/components/field.tsx';
import { RadioField } from '../../shared/components/radio-field.tsx';
import { TextAreaField } from '../../shared/components/text-area.tsx';
import { optional, required, type Values } from '../../shared/forms/use-form.ts';
import type { Issuer, IssuerFields } from './trust.ts';

export type IssuerField = 'name' | 'issuer_url' | 'key_source' | 'jwks_url' | 'jwks';
type KeySource = 'discovery' | 'jwks_url' | 'jwks';

const KEY_SOURCES = [
  {
    value: 'discovery',
    label: 'Discovery',
    hint: 'The issuer says where, under /.well-known/openid-configuration. Most do.',
  },
  { value: 'jwks_url', label: 'JWKS URL', hint: 'For issuers that publish their keys elsewhere.' },
  {
    value: 'jwks',
    label: 'Paste them',
    hint: 'For issuers that this gateway cannot reach. When their keys change, paste the new ones.',
  },
];

export const ISSUER_RULES = {
  name: required('Give the issuer a name'),
  issuer_url: required('Enter the issuer’s address'),
  key_source: optional,
  jwks_url: (value: string, { key_source }: Values<IssuerField>) =>
    key_source === 'jwks_url' && value.trim() === '' ? 'Enter the address of the key set' : null,
  jwks: (value: string, { key_source }: Values<IssuerField>) => {
    if (key_source !== 'jwks') return null;
    return parseObject(value) === null ? 'This is not JSON: paste the whole key set, {"keys": […]}' : null;
  },
};

/** `key_source` is ours alone. */
export const ISSUER_GATEWAY_FIELDS: readonly IssuerField[] = ['name', 'issuer_url', 'jwks_url', 'jwks'];

export function issuerFieldsOf(values: Values<IssuerField>): IssuerFields {
  const source = values.key_source;
  return {
    name: values.name.trim(),
    issuer_url: values.issuer_url.trim(),
    jwks_url: source === 'jwks_url' ? values.jwks_url.trim() : null,
    jwks: source === 'jwks' ? parseObject(values.jwks) : null,
  };
}

export function keySourceOf({ jwks, jwks_url }: Pick<Issuer, 'jwks' | 'jwks_url'>): KeySource {
  if (jwks !== null) return 'jwks';
  return jwks_url === null ? 'discovery' : 'jwks_url';
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

export function IssuerFormFields({
  issuer,
  errors,
}: {
  issuer: Issuer | undefined;
  errors: Partial<Record<IssuerField, string>>;
}) {
  const first = issuer === undefined ? 'discovery' : keySourceOf(issuer);
  const [source, setSource] = useState<string>(first);
  return (
    <>
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        placeholder="GitHub Actions"
        defaultValue={issuer?.name}
        error={errors.name}
      />
      <TextField
        label="Issuer URL"
        name="issuer_url"
        type="url"
        autoComplete="off"
        spellCheck={false}
        placeholder="https://token.actions.githubusercontent.com"
        defaultValue={issuer?.issuer_url}
        hint="Exactly the “iss” of its tokens."
        error={errors.issuer_url}
      />
      <RadioField
        legend="Where its signing keys are"
        name="key_source"
        options={KEY_SOURCES}
        defaultValue={first}
        onChange={setSource}
      />
      {source === 'jwks_url' && (
        <TextField
          label="JWKS URL"
          name="jwks_url"
          type="url"
          autoComplete="off"
          spellCheck={false}
          placeholder="https://idp.example.com/jwks.json"
          defaultValue={issuer?.jwks_url ?? undefined}
          error={errors.jwks_url}
        />
      )}
      {source === 'jwks' && (
        <TextAreaField
          label="Key set (JWKS)"
          name="jwks"
          isCode
          rows={6}
          placeholder={'{"keys": [{"kty": "RSA", …}]}'}
          defaultValue={issuer?.jwks == null ? undefined : JSON.stringify(issuer.jwks, null, 2)}
          hint="Public keys only: RSA, or EC on P-256."
          error={errors.jwks}
        />
      )}
    </>
  );
}
