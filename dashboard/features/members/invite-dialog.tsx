/** Makes an invitation: mailed to an address, or a link to hand over. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Dialog, DialogFooter } from '../../shared/components/dialog.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { RadioField } from '../../shared/components/radio-field.tsx';
import { SecretReveal } from '../../shared/components/secret-reveal.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { emailAddress, useForm } from '../../shared/forms/use-form.ts';
import { type Role, useSession, useSessionState } from '../../shared/session/session-query.ts';
import { workspacesQuery } from '../../shared/workspaces/workspaces-query.ts';
import { createInvitation } from './api/create-invitation.ts';
import { invitationsQuery } from './api/list-invitations.ts';
import { ROLE_HINT, roleOptions } from './role-options.ts';

export function InviteDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Invite somebody">
      <Invite onClose={onClose} />
    </Dialog>
  );
}

function Invite({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<{ email: string | null; link: string | null } | null>(null);
  return made === null ? (
    <InviteForm onMade={setMade} onCancel={onClose} />
  ) : (
    <Made {...made} onClose={onClose} />
  );
}

function InviteForm({
  onMade,
  onCancel,
}: {
  onMade: (made: { email: string | null; link: string | null }) => void;
  onCancel: () => void;
}) {
  const { sign_in } = useSessionState();
  const { account } = useSession();
  const queryClient = useQueryClient();
  // Of the default one everybody is a member anyway.
  const workspaces = (useQuery(workspacesQuery).data ?? []).filter((workspace) => !workspace.is_default);
  const [isOpenLink, setOpenLink] = useState(false);
  const form = useForm({
    rules: {
      email: (email) => (isOpenLink ? null : emailAddress(email)),
      role: () => null,
      workspace_id: () => null,
    },
    submit: async ({ email, role, workspace_id }) => {
      const wish = {
        ...{ email: isOpenLink ? null : email.trim(), role: role as Role },
        workspace_id: workspace_id === '' || workspace_id === undefined ? null : workspace_id,
      };
      onMade(await createInvitation(wish));
      await queryClient.invalidateQueries({ queryKey: invitationsQuery.queryKey });
    },
  });
  return (
    <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <RadioField
        legend="Who is invited"
        name="kind"
        defaultValue="email"
        onChange={(kind) => setOpenLink(kind === 'link')}
        options={[
          {
            value: 'email',
            label: 'One person',
            hint: sign_in.mail
              ? 'The invitation is mailed to them, and nobody else can use it.'
              : 'You get a link to pass on, which nobody else can use.',
          },
          {
            value: 'link',
            label: 'Whoever has the link',
            hint: 'An open link: the first to follow it joins, whoever that is.',
          },
        ]}
      />
      {!isOpenLink && (
        <TextField
          label="E-mail address"
          name="email"
          type="email"
          autoComplete="off"
          error={form.errors.email}
        />
      )}
      <SelectField label="Role" name="role" hint={ROLE_HINT} options={roleOptions(account.role)} />
      {workspaces.length > 0 && (
        <SelectField
          label="Workspace"
          name="workspace_id"
          hint="They join it as a member; its page gives other roles."
          options={[
            { value: '', label: 'The default one alone' },
            ...workspaces.map(({ id, name }) => ({ value: id, label: plainName(name) })),
          ]}
        />
      )}
      <DialogFooter>
        <Button variant="secondary" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" isBusy={form.isSending}>
          {isOpenLink ? 'Make an open link' : 'Invite'}
        </Button>
      </DialogFooter>
    </form>
  );
}

function Made({ email, link, onClose }: { email: string | null; link: string | null; onClose: () => void }) {
  return (
    <>
      {link === null ? (
        <Alert tone="success">
          The invitation is on its way to {plainName(email ?? '')}. It works for 7 days.
        </Alert>
      ) : (
        <>
          <p className="text-muted">
            Give this link to {email === null ? 'the person you invite' : plainName(email)}. It works once,
            for 7 days, and is not shown again.
          </p>
          <SecretReveal label="Invitation link" secret={link} />
        </>
      )}
      <DialogFooter>
        <Button variant="secondary" onClick={onClose}>
          Done
        </Button>
      </DialogFooter>
    </>
  );
}
