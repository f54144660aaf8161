/** One key in the list: what it is for, when it was used, what its provider says of it, and what one can do about it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { GripIcon, MoreIcon } from '../../shared/components/icons.tsx';
import { Menu } from '../../shared/components/menu.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDateTime, formatRelative } from '../../shared/format/time.ts';
import { workspacesQuery } from '../../shared/workspaces/workspaces-query.ts';
import { changeOwnKey } from './api/change-own-key.ts';
import { OWN_KEYS } from './api/list-own-keys.ts';
import { testOwnKey, type Verdict } from './api/test-own-key.ts';
import { type OwnKey, titleOf } from './own-key.ts';

export type OwnKeyAction = 'edit' | 'delete';

export function OwnKeyItem({
  ownKey,
  place,
  of,
  isDragged,
  onDrag,
  onDrop,
  onMove,
  onAct,
}: {
  ownKey: OwnKey;
  /** From 0. */
  place: number;
  of: number;
  isDragged: boolean;
  onDrag: (id: string | null) => void;
  onDrop: () => void;
  /** -1: up, 1: down. */
  onMove: (by: number) => void;
  onAct: (action: OwnKeyAction) => void;
}) {
  const queries = useQueryClient();
  const name = plainName(titleOf(ownKey));
  const testing = useMutation({ mutationFn: () => testOwnKey(ownKey.id) });
  const switching = useMutation({
    mutationFn: () => changeOwnKey(ownKey.id, { disabled: !ownKey.disabled }),
    onSettled: () => queries.invalidateQueries({ queryKey: OWN_KEYS }),
  });
  const failure = testing.error ?? switching.error;
  return (
    <li
      className={`grid gap-2 px-3 py-3 ${isDragged ? 'opacity-60' : ''}`}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        onDrop();
      }}
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        {of > 1 && (
          <IconButton
            label={`Move ${name}, number ${place + 1} of ${of}: drag it, or press the up and down arrow keys`}
            className="-ml-2 cursor-grab"
            draggable
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = 'move';
              event.dataTransfer.setData('text/plain', ownKey.id);
              onDrag(ownKey.id);
            }}
            onDragEnd={() => onDrag(null)}
            onKeyDown={(event) => {
              const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
              if (by === 0) return;
              event.preventDefault();
              onMove(by);
            }}
          >
            <GripIcon />
          </IconButton>
        )}
        <div className="min-w-0 flex-1 basis-56">
          <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className="min-w-0 font-medium">
              <Untrusted>{titleOf(ownKey)}</Untrusted>
            </span>
            {ownKey.disabled && <Badge>Off</Badge>}
            {ownKey.is_byok_only ? (
              <Badge tone="accent">Never the gateway’s own</Badge>
            ) : (
              ownKey.is_required && <Badge tone="accent">Always used</Badge>
            )}
            {ownKey.declared_zdr !== null && (
              <Badge>{ownKey.declared_zdr ? 'Keeps nothing' : 'May keep prompts'}</Badge>
            )}
          </div>
          <p className="text-muted wrap-anywhere">
            {ownKey.name !== null && (
              <>
                <code className="font-mono text-xs">{ownKey.label}</code>
                {' · '}
              </>
            )}
            {whoAndWhat(ownKey)}
            <Where workspaceId={ownKey.workspace_id} />
            {' · '}
            <LastUsed iso={ownKey.last_used_at} />
          </p>
        </div>
        <div className="flex shrink-0 items-center">
          <Button
            variant="ghost"
            aria-label={`Test ${name}`}
            isBusy={testing.isPending}
            onClick={() => testing.mutate()}
          >
            Test
          </Button>
          <Button variant="ghost" aria-label={`Edit ${name}`} onClick={() => onAct('edit')}>
            Edit
          </Button>
          <Menu
            items={[
              { label: 'Move up', onSelect: () => onMove(-1), isDisabled: place === 0 },
              { label: 'Move down', onSelect: () => onMove(1), isDisabled: place === of - 1 },
              { label: ownKey.disabled ? 'Switch on' : 'Switch off', onSelect: () => switching.mutate() },
              { label: 'Delete', onSelect: () => onAct('delete'), isDanger: true },
            ]}
          >
            <IconButton label={`More for ${name}`}>
              <MoreIcon />
            </IconButton>
          </Menu>
        </div>
      </div>
      {failure !== null && <Alert tone="danger">{messageOf(failure)}</Alert>}
      {testing.data !== undefined && <VerdictNote verdict={testing.data} />}
    </li>
  );
}

function VerdictNote({ verdict: { ok, model, status, latency_ms, message } }: { verdict: Verdict }) {
  const facts = [
    model === null ? null : `asked ${model}`,
    status === null ? null : `status ${status}`,
    latency_ms === null ? null : `${latency_ms} ms`,
  ].filter((fact) => fact !== null);
  return (
    <Alert tone={ok ? 'success' : 'danger'}>
      <Untrusted>{message}</Untrusted>
      {facts.length > 0 && <span className="block">{facts.join(', ')}</span>}
    </Alert>
  );
}

function LastUsed({ iso }: { iso: string | null }) {
  if (iso === null) return 'never used';
  return (
    <time dateTime={iso} title={formatDateTime(iso)}>
      used {formatRelative(iso)}
    </time>
  );
}

/** Where there are several, which of them uses the key. */
function Where({ workspaceId }: { workspaceId: string | null }) {
  const workspaces = useQuery(workspacesQuery).data ?? [];
  if (workspaceId === null) return ' in every workspace';
  const workspace = workspaces.find(({ id }) => id === workspaceId);
  return workspaces.length < 2 || workspace === undefined ? null : (
    <>
      {' in '}
      <Untrusted>{workspace.name}</Untrusted>
    </>
  );
}

function whoAndWhat({ allowed_models, allowed_api_key_hashes, allowed_user_ids }: OwnKey): string {
  const filters = [
    counted(allowed_models, 'model'),
    counted(allowed_api_key_hashes, 'API key'),
    counted(allowed_user_ids, 'member'),
  ].filter((text) => text !== null);
  return filters.length === 0 ? 'for all requests' : `for ${filters.join(', ')}`;
}

function counted(list: readonly string[] | null, noun: string): string | null {
  if (list === null) return null;
  return list.length === 0 ? `no ${noun}` : list.length === 1 ? `one ${noun}` : `${list.length} ${noun}s`;
}
