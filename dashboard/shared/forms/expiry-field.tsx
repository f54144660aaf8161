/** When a key stops working: never, after one of the usual spans, as an app proposes, or at a moment of one's own. */
import { useState } from 'react';
import { TextField } from '../components/field.tsx';
import { SelectField } from '../components/select.tsx';
import { formatDateTime } from '../format/time.ts';
import type { Values } from './use-form.ts';

/** The moment in UTC, empty for never; and how it was chosen. */
export type ExpiryFieldName = 'expires_at' | 'expiry_choice';

const CUSTOM = 'custom';
const DAY_MS = 86_400_000;
const SPANS = [
  { value: '1', label: 'In a day' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
];

export const EXPIRY_RULES = {
  expires_at: (expiresAt: string, { expiry_choice: choice }: Values<ExpiryFieldName>) => {
    if (choice !== CUSTOM) return null;
    const atMs = Date.parse(expiresAt);
    if (Number.isNaN(atMs)) return 'Choose a day and a time';
    return atMs <= Date.now() ? 'Choose a time that is still to come' : null;
  },
  expiry_choice: () => null,
};

export function ExpiryFields({
  proposed = null,
  error,
}: {
  /** UTC; what an app asks for. */
  proposed?: string | null;
  error?: string | undefined;
}) {
  const [choice, setChoice] = useState(proposed === null ? '' : 'proposed');
  const [expiresAt, setExpiresAt] = useState(proposed ?? '');
  const options = [
    ...(proposed === null ? [] : [{ value: 'proposed', label: `${formatDateTime(proposed)}, as proposed` }]),
    { value: '', label: 'Never' },
    ...SPANS,
    { value: CUSTOM, label: 'At a time of your choice' },
  ];
  function choose(value: string): void {
    setChoice(value);
    if (value === 'proposed') setExpiresAt(proposed ?? '');
    else if (value === '' || value === CUSTOM) setExpiresAt('');
    else setExpiresAt(new Date(Date.now() + Number(value) * DAY_MS).toISOString());
  }
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <SelectField
        label="Expires"
        options={options}
        value={choice}
        error={choice === CUSTOM ? undefined : error}
        onChange={(event) => choose(event.target.value)}
      />
      {choice === CUSTOM && (
        <TextField
          label="Day and time"
          type="datetime-local"
          hint="In your own time zone."
          error={error}
          onChange={({ target }) =>
            setExpiresAt(target.value === '' ? '' : new Date(target.value).toISOString())
          }
        />
      )}
      <input type="hidden" name="expires_at" value={expiresAt} />
      <input type="hidden" name="expiry_choice" value={choice} />
    </div>
  );
}
