/** The members, with their roles. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Member } from '../../../src/accounts/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { ChevronDownIcon, TrashIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Menu } from '../../shared/components/menu.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDate } from '../../shared/format/time.ts';
import { hasRole, type Role, useSession } from '../../shared/session/session-query.ts';
import { changeRole } from './api/change-role.ts';
import { membersQuery } from './api/list-members.ts';
import { removeMember } from './api/remove-member.ts';
import { ROLE_LABELS, ROLE_MEANINGS, ROLE_NOUNS, roleOptions } from './role-options.ts';

export function MembersCard() {
  const session = useSession();
  const members = useQuery(membersQuery);
  const queryClient = useQueryClient();
  const toast = useToast();
  const [changing, setChanging] = useState<{ member: Member; role: Role } | null>(null);
  const [removing, setRemoving] = useState<Member | null>(null);
  // One's own role may have been the one that changed.
  const refresh = () => queryClient.invalidateQueries();
  const change = useMutation({
    mutationFn: changeRole,
    onSuccess: async () => {
      setChanging(null);
      await refresh();
      toast('The role is changed');
    },
  });
  const removal = useMutation({
    mutationFn: removeMember,
    onSuccess: async () => {
      setRemoving(null);
      await refresh();
      toast('The member is removed');
    },
  });
  return (
    <Card>
      {members.isError && (
        <LoadError
          title="The members could not be loaded"
          error={members.error}
          onRetry={() => void members.refetch()}
        />
      )}
      {members.isPending && <Loading />}
      <ul aria-label="Members" className="divide-y divide-border">
        {members.data?.map((member) => (
          <MemberRow
            key={member.user_id}
            member={member}
            mayChange={!member.is_you && hasRole(session, member.role) && hasRole(session, 'admin')}
            ownRole={session.account.role}
            onChange={(role) => setChanging({ member, role })}
            onRemove={() => setRemoving(member)}
          />
        ))}
      </ul>
      <ConfirmDialog
        isOpen={changing !== null}
        isHarmless
        onClose={() => {
          change.reset();
          setChanging(null);
        }}
        title={`Make ${plainName(changing?.member.name ?? '')} ${ROLE_NOUNS[changing?.role ?? 'member']}?`}
        confirmLabel="Change role"
        isBusy={change.isPending}
        onConfirm={() =>
          changing !== null && change.mutate({ userId: changing.member.user_id, role: changing.role })
        }
      >
        {change.isError && <Alert tone="danger">{messageOf(change.error)}</Alert>}
        <p className="text-muted">{ROLE_MEANINGS[changing?.role ?? 'member']}</p>
      </ConfirmDialog>
      <ConfirmDialog
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove ${plainName(removing?.name ?? '')}?`}
        confirmLabel="Remove"
        isBusy={removal.isPending}
        onConfirm={() => removing !== null && removal.mutate(removing.user_id)}
      >
        {removal.isError && <Alert tone="danger">{messageOf(removal.error)}</Alert>}
        <p className="text-muted">
          Their sessions end at once, the keys they made are disabled, and the invitations they sent no longer
          work.
        </p>
      </ConfirmDialog>
    </Card>
  );
}

function MemberRow({
  member,
  mayChange,
  ownRole,
  onChange,
  onRemove,
}: {
  member: Member;
  mayChange: boolean;
  ownRole: Role;
  onChange: (role: Role) => void;
  onRemove: () => void;
}) {
  const name = plainName(member.name);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 font-medium">
          <Untrusted>{member.name}</Untrusted>
          {member.is_you && <Badge>You</Badge>}
          {member.two_factor_enabled && <Badge tone="success">Two-factor</Badge>}
        </p>
        <p className="text-muted">
          <Untrusted>{member.email}</Untrusted> · since {formatDate(member.joined_at)}
        </p>
      </div>
      <div className="flex flex-1 items-center justify-between gap-2 sm:w-44 sm:flex-none">
        {mayChange ? (
          <>
            <Menu
              items={roleOptions(ownRole).map(({ value, label }) => ({
                label,
                isChecked: value === member.role,
                onSelect: () => value !== member.role && onChange(value as Role),
              }))}
            >
              <Button variant="secondary" aria-label={`Role of ${name}: ${ROLE_LABELS[member.role]}`}>
                {ROLE_LABELS[member.role]}
                <ChevronDownIcon />
              </Button>
            </Menu>
            <IconButton label={`Remove ${name}`} onClick={onRemove}>
              <TrashIcon />
            </IconButton>
          </>
        ) : (
          <span className="text-muted sm:pl-2.5">{ROLE_LABELS[member.role]}</span>
        )}
      </div>
    </li>
  );
}
