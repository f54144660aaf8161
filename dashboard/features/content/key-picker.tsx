/** Some of the keys: those that are chosen, and what is found for the next. */
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Button } from '../../shared/components/button.tsx';
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { foundKeysQuery } from './api/list-keys.ts';

/** More are found by their names. */
const SHOWN = 8;

export function KeyPicker({
  workspaceId,
  chosen,
  onChange,
  error,
}: {
  workspaceId: string;
  chosen: readonly string[];
  onChange: (hashes: readonly string[]) => void;
  error: string | undefined;
}) {
  const [text, setText] = useState('');
  const search = useDeferredValue(text.trim());
  const found = useQuery(foundKeysQuery(workspaceId, search));
  const keys = (found.data ?? []).slice(0, SHOWN);
  const more = (found.data?.length ?? 0) - keys.length;
  return (
    <div className="grid gap-2">
      <TextField
        label="Find a key"
        type="search"
        name="api_key_hashes"
        value={text}
        onChange={({ target }) => setText(target.value)}
        error={error}
        hint={chosen.length === 1 ? 'One key is chosen' : `${chosen.length} keys are chosen`}
      />
      {found.isPending && <Loading label="Loading the keys" />}
      {found.isError && (
        <LoadError
          title="The keys could not be loaded"
          error={found.error}
          onRetry={() => void found.refetch()}
        />
      )}
      <div className="grid sm:grid-cols-2 sm:gap-x-4">
        {keys.map(({ hash, name, label }) => (
          <Checkbox
            key={hash}
            label={
              <span className="wrap-anywhere">
                <Untrusted>{name === '' ? label : name}</Untrusted>
              </span>
            }
            checked={chosen.includes(hash)}
            onChange={(isChosen) =>
              onChange(isChosen ? [...chosen, hash] : chosen.filter((each) => each !== hash))
            }
          />
        ))}
      </div>
      {found.isSuccess && keys.length === 0 && (
        <p className="text-muted">
          {search === '' ? 'There are no keys yet.' : 'No key has this in its name.'}
        </p>
      )}
      {more > 0 && <p className="text-muted">There are more: type a part of a name.</p>}
      {chosen.length > 0 && (
        <Button variant="ghost" className="justify-self-start" onClick={() => onChange([])}>
          Choose none
        </Button>
      )}
    </div>
  );
}
