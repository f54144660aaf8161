/** Keys as a table: what each has spent, and what one does to it most. A phone shows the figures; the rest is on the key's page. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { TrashIcon } from '../../shared/components/icons.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDate, formatDateTime, formatRelative } from '../../shared/format/time.ts';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { type ApiKey, displayName } from './api-key.ts';
import { CreatorName } from './creator-name.tsx';
import { KeyStateBadge } from './key-state.tsx';
import { RevokeKeyDialog } from './revoke-key-dialog.tsx';
import { SpendBar } from './spend-bar.tsx';
import { useIsBound } from './use-is-bound.ts';
import { useSwitchKey } from './use-key-actions.ts';

export function KeysTable({ keys }: { keys: readonly ApiKey[] }) {
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const seesEverybodys = hasRole(useSession(), 'admin');
  return (
    <>
      <Table caption="Keys">
        <TableHead>
          <Th>Name</Th>
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
}: {
  apiKey: ApiKey;
  showsCreator: boolean;
  onRevoke: () => void;
}) {
  const switching = useSwitchKey();
  const isBound = useIsBound(apiKey);
  const name = displayName(apiKey);
  return (
    <tr>
      <Td className="w-full min-w-36">
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
          <Button
            variant="ghost"
            isBusy={switching.isPending}
            disabled={isBound && apiKey.disabled}
            title={isBound && apiKey.disabled ? 'Only an admin can enable it' : undefined}
            onClick={() => switching.mutate(apiKey)}
            aria-label={`${apiKey.disabled ? 'Enable' : 'Disable'} ${name}`}
          >
            {apiKey.disabled ? 'Enable' : 'Disable'}
          </Button>
          <IconButton label={`Revoke ${name}`} onClick={onRevoke}>
            <TrashIcon />
          </IconButton>
        </div>
      </Td>
    </tr>
  );
}
