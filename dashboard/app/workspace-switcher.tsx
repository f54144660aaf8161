/** Chooses which workspace the pages show. Only where there is a choice. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Field } from '../shared/components/field.tsx';
import { Select } from '../shared/components/select.tsx';
import { plainName } from '../shared/components/untrusted.tsx';
import { rememberWorkspace, useChosenWorkspace } from '../shared/workspaces/chosen-workspace.ts';
import { workspacesQuery } from '../shared/workspaces/workspaces-query.ts';

export function WorkspaceSwitcher() {
  const navigate = useNavigate();
  const { workspace: inAddress } = useSearch({ strict: false }) as { readonly workspace?: unknown };
  const workspaces = useQuery(workspacesQuery).data ?? [];
  const slug = useChosenWorkspace()?.slug ?? null;
  const show = (next: string | null) =>
    // Empty takes it out of the address; undefined would keep what stands there.
    void navigate({
      to: '.',
      search: ((all: object) => ({ ...all, workspace: next ?? '' })) as never,
      replace: true,
    });
  // What is shown can be sent to somebody, and is found again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever another one is shown, or the address loses it
  useEffect(() => {
    if (slug === null) return;
    rememberWorkspace(slug);
    if (inAddress !== slug) show(slug);
  }, [slug, inAddress]);
  if (workspaces.length < 2) return null;
  return (
    <Field label={<span className="sr-only">Workspace</span>} className="pb-3">
      {(control) => (
        <Select
          {...control}
          value={slug ?? ''}
          options={[
            { value: '', label: 'All workspaces' },
            ...workspaces.map((one) => ({ value: one.slug, label: plainName(one.name) || one.slug })),
          ]}
          onChange={({ target }) => {
            const next = target.value === '' ? null : target.value;
            rememberWorkspace(next);
            show(next);
          }}
        />
      )}
    </Field>
  );
}
