/** When a key shall end: never, after a while, as the app proposes, or at a moment of one's own. */
import { useState } from 'react';
import { TextField } from '../../shared/components/field.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { formatDateTime } from '../../shared/format/time.ts';

const DAY_MS = 86_400_000;
const DAYS = [1, 7, 30, 90, 365];

export function ExpiryField({ proposed, error }: { proposed: string | null; error?: string | undefined }) {
  const [choice, setChoice] = useState(proposed === null ? 'never' : 'proposed');
  const [expiresAt, setExpiresAt] = useState(proposed ?? '');
  const options = [
    ...(proposed === null ? [] : [{ value: 'proposed', label: `${formatDateTime(proposed)}, as proposed` }]),
    { value: 'never', label: 'Never' },
    ...DAYS.map((days) => ({
      value: String(days),
      label: days === 1 ? 'After a day' : `After ${days} days`,
    })),
    { value: 'own', label: 'At another time' },
  ];
  function choose(value: string): void {
    setChoice(value);
    if (value === 'proposed') setExpiresAt(proposed ?? '');
    else if (value === 'never' || value === 'own') setExpiresAt('');
    else setExpiresAt(new Date(Date.now() + Number(value) * DAY_MS).toISOString());
  }
  return (
    <>
      <SelectField
        label="Expires"
        options={options}
        value={choice}
        error={choice === 'own' ? undefined : error}
        onChange={(event) => choose(event.target.value)}
      />
      {choice === 'own' && (
        <TextField
          label="Expires at"
          type="datetime-local"
          error={error}
          onChange={({ target }) =>
            setExpiresAt(target.value === '' ? '' : new Date(target.value).toISOString())
          }
        />
      )}
      <input type="hidden" name="expires_at" value={expiresAt} />
      <input type="hidden" name="expiry_choice" value={choice} />
    </>
  );
}
