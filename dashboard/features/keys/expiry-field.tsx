/** When a new key stops working: one of the usual spans, or a moment of one's own. */
import { useState } from 'react';
import { TextField } from '../../shared/components/field.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import type { Values } from '../../shared/forms/use-form.ts';

export type ExpiryField = 'expiry' | 'expiry_at';

const CUSTOM = 'custom';
const DAY_MS = 86_400_000;
const OPTIONS = [
  { value: '', label: 'Never' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: CUSTOM, label: 'At a time of your choice' },
];

export const EXPIRY_RULES = {
  expiry: () => null,
  expiry_at: (value: string, values: Values<ExpiryField>) => {
    if (values.expiry !== CUSTOM) return null;
    const atMs = Date.parse(value);
    if (Number.isNaN(atMs)) return 'Choose a day and a time';
    return atMs <= Date.now() ? 'Choose a time that is still to come' : null;
  },
};

/** UTC; null: never. */
export function expiryOf(values: Values<ExpiryField>): string | null {
  if (values.expiry === '') return null;
  const atMs =
    values.expiry === CUSTOM ? Date.parse(values.expiry_at) : Date.now() + Number(values.expiry) * DAY_MS;
  return new Date(atMs).toISOString();
}

export function ExpiryFields({ errors }: { errors: Partial<Record<ExpiryField, string>> }) {
  const [choice, setChoice] = useState('');
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <SelectField
        label="Expires"
        name="expiry"
        options={OPTIONS}
        value={choice}
        onChange={(event) => setChoice(event.target.value)}
      />
      {choice === CUSTOM && (
        <TextField
          label="Day and time"
          name="expiry_at"
          type="datetime-local"
          hint="In your own time zone."
          error={errors.expiry_at}
        />
      )}
    </div>
  );
}
