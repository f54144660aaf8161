/** Picks a key by its name, out of however many there are: those that the gateway finds, and revoked ones that made requests. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { DIMENSIONS } from '../../shared/analytics/metrics.ts';
import { figuresQuery } from '../../shared/analytics/query.ts';
import { Field, Input } from '../../shared/components/field.tsx';
import { TextButton } from '../../shared/components/text-link.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { shortHash } from '../../shared/requests/generation.ts';
import { foundKeysQuery } from './api/find-keys.ts';
import type { LogTimes } from './log-times.ts';

const MAX_SHOWN = 8;

interface Choice {
  readonly hash: string;
  readonly name: string;
  readonly detail: string;
}

export function KeyField({
  keyHash,
  times,
  onChange,
}: {
  /** Empty: any. */
  keyHash: string;
  times: LogTimes;
  onChange: (keyHash: string) => void;
}) {
  const [text, setText] = useState('');
  const choices = useChoices(text.trim(), times);
  const chosen = choices.find(({ hash }) => hash === keyHash);
  if (keyHash !== '') {
    return (
      <div className="grid gap-1.5">
        <span className="font-medium">Key</span>
        <div className="flex min-h-9 flex-wrap items-center gap-x-3">
          <span className="min-w-0 truncate">
            {chosen === undefined ? shortHash(keyHash) : <Untrusted>{chosen.name}</Untrusted>}
          </span>
          <TextButton onClick={() => onChange('')}>Any key</TextButton>
        </div>
      </div>
    );
  }
  return (
    <div className="grid gap-1.5">
      <Field label="Key">
        {(control) => (
          <Input
            {...control}
            autoComplete="off"
            spellCheck={false}
            placeholder="Search by name"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      {text.trim() !== '' && (
        <ul aria-label="Keys found" className="grid rounded-md border border-border">
          {choices.slice(0, MAX_SHOWN).map(({ hash, name, detail }) => (
            <li key={hash}>
              <button
                type="button"
                onClick={() => onChange(hash)}
                className="control-height flex w-full min-w-0 items-center gap-2 px-2.5 text-left hover:bg-raised"
              >
                <span className="min-w-0 truncate">
                  <Untrusted>{name}</Untrusted>
                </span>
                <span className="shrink-0 font-mono text-xs text-muted">{detail}</span>
              </button>
            </li>
          ))}
          {choices.length === 0 && <li className="px-2.5 py-2 text-muted">No key is called that.</li>}
        </ul>
      )}
    </div>
  );
}

function useChoices(text: string, times: LogTimes): readonly Choice[] {
  const found = useQuery(foundKeysQuery(text));
  const figures = useQuery(
    figuresQuery({
      metrics: ['request_count'],
      dimensions: [DIMENSIONS.key.id],
      granularity: null,
      span: times,
    }),
  );
  const wanted = text.toLowerCase();
  const choices = new Map<string, Choice>();
  for (const { hash, name, label } of found.data ?? [])
    choices.set(hash, { hash, name: plainName(name) || label, detail: label });
  for (const row of figures.data?.data ?? []) {
    const hash = row[DIMENSIONS.key.idMember];
    const name = plainName(String(row[DIMENSIONS.key.id] ?? ''));
    if (typeof hash !== 'string' || choices.has(hash)) continue;
    if (name.toLowerCase().includes(wanted) || hash.startsWith(wanted))
      choices.set(hash, { hash, name: name || shortHash(hash), detail: shortHash(hash) });
  }
  return [...choices.values()];
}
