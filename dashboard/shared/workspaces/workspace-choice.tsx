/** On a page of one workspace alone: which one it shows. Only where there is a choice. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { SelectField } from '../components/select.tsx';
import { plainName } from '../components/untrusted.tsx';
import { workspacesQuery } from './workspaces-query.ts';

/** `asked`: its slug. */
export function WorkspaceChoice({ asked }: { asked: string }) {
  const navigate = useNavigate();
  const workspaces = useQuery(workspacesQuery).data ?? [];
  if (workspaces.length < 2) return null;
  const options = workspaces.map(({ slug, name }) => ({ value: slug, label: plainName(name) }));
  return (
    <SelectField
      label="Workspace"
      name="workspace"
      className="max-w-xs"
      options={
        options.some(({ value }) => value === asked) ? options : [{ value: asked, label: '' }, ...options]
      }
      value={asked}
      onChange={({ target }) =>
        void navigate({
          to: '.',
          search: ((all: object) => ({ ...all, workspace: target.value })) as never,
        })
      }
    />
  );
}
