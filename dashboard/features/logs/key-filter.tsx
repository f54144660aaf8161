/** Narrows the log to one key. */
import { useQuery } from '@tanstack/react-query';
import { SelectField } from '../../shared/components/select.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { keyNamesQuery } from './api/list-key-names.ts';
import { shortHash } from './generation.ts';

const MAX_LENGTH = 60;

export function KeyFilter({
  keyHash,
  keyName,
  onChange,
}: {
  keyHash: string | null;
  /** Of that key, as far as the log tells: it may be deleted, or too old for the list. */
  keyName: string | null;
  onChange: (keyHash: string | null) => void;
}) {
  const { data: keys = [] } = useQuery(keyNamesQuery);
  const options = keys.map(({ hash, name, label }) => ({ value: hash, label: optionText(name, label) }));
  if (keyHash !== null && !keys.some(({ hash }) => hash === keyHash)) {
    options.unshift({ value: keyHash, label: keyName ?? `Key ${shortHash(plainName(keyHash))}` });
  }
  return (
    <SelectField
      label="Key"
      className="min-w-0 flex-1 sm:max-w-72"
      value={keyHash ?? ''}
      options={[{ value: '', label: 'All keys' }, ...options]}
      onChange={(event) => onChange(event.target.value === '' ? null : event.target.value)}
    />
  );
}

/** Keys may share a name; their labels tell them apart. */
function optionText(name: string, label: string): string {
  const plain = [...plainName(name)];
  const clipped = plain.length > MAX_LENGTH ? `${plain.slice(0, MAX_LENGTH).join('')}…` : plain.join('');
  return clipped === '' ? label : `${clipped} (${label})`;
}
