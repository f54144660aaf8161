/** Who belongs to the organisation, as what, and who is invited. */
import { useState } from 'react';
import { Button } from '../../shared/components/button.tsx';
import { PlusIcon } from '../../shared/components/icons.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { InvitationsCard } from './invitations-card.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { MembersCard } from './members-card.tsx';

/** Members see nothing here that is theirs to change. */
export function MembersPage() {
  return (
    <RoleGate title="Members" atLeast="admin">
      <Members />
    </RoleGate>
  );
}

function Members() {
  const [isInviting, setInviting] = useState(false);
  return (
    <>
      <PageTitle
        title="Members"
        description="Who may use this gateway, and what they may do here."
        actions={
          <Button icon={<PlusIcon />} onClick={() => setInviting(true)}>
            Invite
          </Button>
        }
      />
      <div className="grid gap-5">
        <MembersCard />
        <InvitationsCard />
      </div>
      <InviteDialog isOpen={isInviting} onClose={() => setInviting(false)} />
    </>
  );
}
