/** Finds keys: by a text, by state, by who made them, in either order. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { TextField } from '../../shared/components/field.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { creatorsQuery } from './api/list-creators.ts';
import type { KeySearch } from './key-search.ts';

/** Long enough that a word is asked for once, and not letter by letter. */
const TYPING_PAUSE_MS = 300;

export function KeyToolbar({ search, onChange }: { search: KeySearch; onChange: (next: KeySearch) => void }) {
  const seesEverybodys = hasRole(useSession(), 'admin');
  const { data: creators } = useQuery({ ...creatorsQuery, enabled: seesEverybodys });
  const [text, setText] = useState(search.search ?? '');
  // What the address says, such as after "Back".
  useEffect(() => setText(search.search ?? ''), [search.search]);
  useEffect(() => {
    if (text.trim() === (search.search ?? '')) return;
    const timer = setTimeout(() => onChange(changed(search, 'search', text.trim())), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, search, onChange]);
  return (
    <search className="mb-4 grid grid-cols-2 items-end gap-3 lg:grid-cols-[minmax(0,1fr)_auto_auto_auto]">
      <TextField
        label="Search"
        className="max-lg:col-span-2"
        type="search"
        placeholder="Name or end of the key"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <SelectField
        label="State"
        value={search.state ?? ''}
        options={[
          { value: '', label: 'Any state' },
          { value: 'enabled', label: 'Enabled' },
          { value: 'disabled', label: 'Disabled' },
        ]}
        onChange={({ target }) => onChange(changed(search, 'state', target.value))}
      />
      {seesEverybodys && (
        <SelectField
          label="Made by"
          className="lg:max-w-48"
          value={search.owner ?? ''}
          options={[
            { value: '', label: 'Anybody' },
            ...[...(creators ?? [])].map(([value, name]) => ({ value, label: plainName(name) })),
          ]}
          onChange={({ target }) => onChange(changed(search, 'owner', target.value))}
        />
      )}
      <SelectField
        label="Order"
        value={search.order ?? ''}
        options={[
          { value: '', label: 'Newest first' },
          { value: 'name', label: 'By name' },
          { value: 'limit_spent', label: 'Nearest to its limit' },
        ]}
        onChange={({ target }) => onChange(changed(search, 'order', target.value))}
      />
    </search>
  );
}

/** With another value for one thing, from the first page again; empty takes it away. */
function changed(search: KeySearch, name: keyof KeySearch, value: string): KeySearch {
  const { page: _page, [name]: _old, ...rest } = search;
  return value === '' ? rest : { ...rest, [name]: value };
}
