/** The members, with their roles. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { IconButton } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { TrashIcon } from '../../shared/components/icons.tsx';
import { Select } from '../../shared/components/select.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDate } from '../../shared/format/time.ts';
import { hasRole, type Role, useSession } from '../../shared/session/session-query.ts';
import { changeRole } from './api/change-role.ts';
import { type Member, membersQuery } from './api/list-members.ts';
import { removeMember } from './api/remove-member.ts';
import { ROLE_LABELS, roleOptions } from './role-options.ts';

export function MembersCard() {
  const session = useSession();
  const members = useQuery(membersQuery);
  const queryClient = useQueryClient();
  const toast = useToast();
  const [removing, setRemoving] = useState<Member | null>(null);
  // One's own role may have been the one that changed.
  const refresh = () => queryClient.invalidateQueries();
  const change = useMutation({
    mutationFn: changeRole,
    onSuccess: async () => {
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
  const error = members.error ?? change.error;
  return (
    <Card>
      {error !== null && <Alert tone="danger">{messageOf(error)}</Alert>}
      {members.isPending && <Loading />}
      {members.isSuccess && (
        <Table caption="Members">
          <TableHead>
            <Th>Name</Th>
            <Th>Role</Th>
            <Th className="hidden sm:table-cell">Two-factor</Th>
            <Th className="hidden sm:table-cell">Since</Th>
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          </TableHead>
          <TableBody>
            {members.data.map((member) => (
              <MemberRow
                key={member.user_id}
                member={member}
                mayChange={!member.is_you && hasRole(session, member.role) && hasRole(session, 'admin')}
                ownRole={session.account.role}
                onChange={(role) => change.mutate({ userId: member.user_id, role })}
                onRemove={() => setRemoving(member)}
              />
            ))}
          </TableBody>
        </Table>
      )}
      <ConfirmDialog
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove ${plainName(removing?.name ?? '')}?`}
        confirmLabel="Remove"
        isBusy={removal.isPending}
        onConfirm={() => removing !== null && removal.mutate(removing.user_id)}
      >
        {removal.isError && <Alert tone="danger">{messageOf(removal.error)}</Alert>}
        <p className="text-muted">Their sessions end at once.</p>
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
  return (
    <tr>
      <Td className="sm:min-w-44">
        <p className="flex flex-wrap items-center gap-x-2 font-medium">
          <Untrusted>{member.name}</Untrusted>
          {member.is_you && <Badge>You</Badge>}
        </p>
        <p className="text-muted">
          <Untrusted>{member.email}</Untrusted>
        </p>
      </Td>
      <Td>
        {mayChange ? (
          <Select
            aria-label={`Role of ${plainName(member.name)}`}
            className="min-w-28"
            options={roleOptions(ownRole)}
            value={member.role}
            onChange={(event) => onChange(event.target.value as Role)}
          />
        ) : (
          ROLE_LABELS[member.role]
        )}
      </Td>
      <Td className="hidden sm:table-cell">
        {member.two_factor_enabled ? (
          <Badge tone="success">On</Badge>
        ) : (
          <span className="text-muted">Off</span>
        )}
      </Td>
      <Td className="hidden whitespace-nowrap text-muted sm:table-cell">{formatDate(member.joined_at)}</Td>
      <Td className="text-right">
        {mayChange && (
          <IconButton label={`Remove ${plainName(member.name)}`} onClick={onRemove}>
            <TrashIcon />
          </IconButton>
        )}
      </Td>
    </tr>
  );
}
