/** Invitations that nobody has taken up yet. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Invitation } from '../../../src/accounts/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { formatRelative } from '../../shared/format/time.ts';
import { invitationsQuery } from './api/list-invitations.ts';
import { revokeInvitation } from './api/revoke-invitation.ts';
import { ROLE_LABELS } from './role-options.ts';

export function InvitationsCard() {
  const invitations = useQuery(invitationsQuery);
  const queryClient = useQueryClient();
  const toast = useToast();
  const revoking = useMutation({
    mutationFn: revokeInvitation,
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: invitationsQuery.queryKey });
      toast('The invitation is revoked');
    },
  });
  return (
    <Card title="Open invitations">
      {invitations.isError && (
        <LoadError
          title="The invitations could not be loaded"
          error={invitations.error}
          onRetry={() => void invitations.refetch()}
        />
      )}
      {revoking.isError && (
        <div className="mb-3">
          <Alert tone="danger">{messageOf(revoking.error)}</Alert>
        </div>
      )}
      {invitations.isPending && <Loading />}
      {invitations.data?.length === 0 && <p className="text-muted">Nobody is invited at the moment.</p>}
      <ul className="divide-y divide-border">
        {invitations.data?.map((invitation) => (
          <li key={invitation.id} className="flex items-center gap-3 py-2 first:pt-0 last:pb-0">
            <div className="min-w-0 flex-1">
              <p className="wrap-anywhere">{whoOf(invitation)}</p>
              <p className="text-muted">
                {ROLE_LABELS[invitation.role]} · expires {formatRelative(invitation.expires_at)}
              </p>
            </div>
            <Button
              variant="secondary"
              isBusy={revoking.isPending && revoking.variables === invitation.id}
              aria-label={`Revoke the invitation of ${whoOf(invitation)}`}
              onClick={() => revoking.mutate(invitation.id)}
            >
              Revoke
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const whoOf = ({ email }: Invitation): string =>
  email === null ? 'Open link: whoever has it' : plainName(email);
