/** Keys as a table: what each has spent, and what one does to it most. A phone shows the figures; the rest is on the key's page. */
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { PageKey } from '../../../src/keys/answers.ts';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { MoreIcon } from '../../shared/components/icons.tsx';
import { Menu } from '../../shared/components/menu.tsx';
import { Pick } from '../../shared/components/pick.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDate, formatDateTime, formatRelative } from '../../shared/format/time.ts';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { displayName } from './api-key.ts';
import { CreatorName } from './creator-name.tsx';
import { KeyStateBadge } from './key-state.tsx';
import { RevokeKeyDialog } from './revoke-key-dialog.tsx';
import { SpendBar } from './spend-bar.tsx';
import { useIsBound } from './use-is-bound.ts';
import { useSwitchKeys } from './use-key-actions.ts';

export function KeysTable({ keys }: { keys: readonly PageKey[] }) {
  const [picked, setPicked] = useState<readonly string[]>([]);
  const [revoking, setRevoking] = useState<PageKey | null>(null);
  const seesEverybodys = hasRole(useSession(), 'admin');
  const switching = useSwitchKeys();
  const chosen = keys.filter(({ hash, disabled }) => !disabled && picked.includes(hash));
  return (
    <>
      {picked.length > 0 && (
        <div className="mb-3 flex flex-wrap items-center gap-3 rounded-lg bg-raised px-3 py-2">
          <span role="status" className="flex-1">
            {picked.length === 1 ? '1 key is picked' : `${picked.length} keys are picked`}
          </span>
          <Button variant="ghost" onClick={() => setPicked([])}>
            Pick none
          </Button>
          <Button
            variant="secondary"
            disabled={chosen.length === 0}
            isBusy={switching.isPending}
            onClick={() =>
              switching.mutate({ keys: chosen, disabled: true }, { onSuccess: () => setPicked([]) })
            }
          >
            Disable
          </Button>
        </div>
      )}
      <Table caption="Keys">
        <TableHead>
          <Th className="w-8 max-sm:hidden">
            <Pick
              label="Pick all keys"
              checked={picked.length === keys.length ? true : picked.length > 0 ? 'indeterminate' : false}
              onChange={(all) => setPicked(all ? keys.map(({ hash }) => hash) : [])}
            />
          </Th>
          <Th className="max-sm:pl-0">Name</Th>
          <Th className="max-sm:hidden">State</Th>
          <Th className="max-sm:pr-0">Spent</Th>
          <Th className="max-md:hidden">Last used</Th>
          <Th className="max-lg:hidden">Expires</Th>
          <Th className="max-sm:hidden">
            <span className="sr-only">Actions</span>
          </Th>
        </TableHead>
        <TableBody>
          {keys.map((key) => (
            <KeyRow
              key={key.hash}
              apiKey={key}
              showsCreator={seesEverybodys}
              onRevoke={() => setRevoking(key)}
              isPicked={picked.includes(key.hash)}
              onPick={(isPicked) =>
                setPicked((all) => (isPicked ? [...all, key.hash] : all.filter((hash) => hash !== key.hash)))
              }
            />
          ))}
        </TableBody>
      </Table>
      {revoking !== null && <RevokeKeyDialog apiKey={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

function KeyRow({
  apiKey,
  showsCreator,
  onRevoke,
  isPicked,
  onPick,
}: {
  apiKey: PageKey;
  showsCreator: boolean;
  onRevoke: () => void;
  isPicked: boolean;
  onPick: (isPicked: boolean) => void;
}) {
  const switching = useSwitchKeys();
  const navigate = useNavigate();
  const isBound = useIsBound(apiKey);
  const name = displayName(apiKey);
  return (
    <tr className={isPicked ? 'bg-accent-soft' : ''}>
      <Td className="max-sm:hidden">
        <Pick label={`Pick ${name}`} checked={isPicked} onChange={onPick} />
      </Td>
      <Td className="w-full min-w-32 max-sm:pl-0">
        <Link
          to="/keys/$hash"
          params={{ hash: apiKey.hash }}
          title={name}
          className="line-clamp-2 font-medium text-link underline-offset-2 hover:underline"
        >
          <Untrusted>{name}</Untrusted>
        </Link>
        <div className="font-mono text-xs text-muted whitespace-nowrap">{apiKey.label}</div>
        {apiKey.made_for !== null && (
          <div className="line-clamp-1 text-xs text-muted">
            Made for <Untrusted>{apiKey.made_for}</Untrusted>
          </div>
        )}
        {showsCreator && (
          <div className="line-clamp-1 text-xs text-muted">
            by <CreatorName apiKey={apiKey} />
          </div>
        )}
        <div className="mt-1 sm:hidden">
          <KeyStateBadge apiKey={apiKey} />
        </div>
      </Td>
      <Td className="max-sm:hidden">
        <KeyStateBadge apiKey={apiKey} />
      </Td>
      <Td className="min-w-40 max-sm:pr-0 sm:min-w-48">
        <SpendBar apiKey={apiKey} />
      </Td>
      <Td className="whitespace-nowrap max-md:hidden">
        {apiKey.last_used_at === null ? (
          <span className="text-muted">Never</span>
        ) : (
          <time dateTime={apiKey.last_used_at} title={formatDateTime(apiKey.last_used_at)}>
            {formatRelative(apiKey.last_used_at)}
          </time>
        )}
      </Td>
      <Td className="whitespace-nowrap max-lg:hidden">
        {apiKey.expires_at === null ? (
          <span className="text-muted">Never</span>
        ) : (
          <time dateTime={apiKey.expires_at} title={formatDateTime(apiKey.expires_at)}>
            {formatDate(apiKey.expires_at)}
          </time>
        )}
      </Td>
      <Td className="max-sm:hidden">
        <div className="flex items-center justify-end">
          <Menu
            items={[
              {
                label: 'Open',
                onSelect: () => void navigate({ to: '/keys/$hash', params: { hash: apiKey.hash } }),
              },
              {
                label: 'View logs',
                onSelect: () =>
                  void navigate({ to: '/logs', search: { api_key_hash: apiKey.hash } as never }),
              },
              {
                label: apiKey.disabled ? 'Enable' : 'Disable',
                // A leaked one is restored on its own page, where it says what that means.
                isDisabled:
                  switching.isPending ||
                  (apiKey.disabled && (isBound || apiKey.leak?.is_quarantined === true)),
                onSelect: () => switching.mutate({ keys: [apiKey], disabled: !apiKey.disabled }),
              },
              { label: 'Revoke', isDanger: true, onSelect: onRevoke },
            ]}
          >
            <IconButton label={`Actions for ${name}`}>
              <MoreIcon />
            </IconButton>
          </Menu>
        </div>
      </Td>
    </tr>
  );
}
