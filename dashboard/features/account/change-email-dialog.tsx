/** Asks for another e-mail address and the password; the rest goes by mail. */
import { useState } from 'react';
import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { PasswordField, TextField } from '../../shared/components/field.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { emailAddress, required, useForm } from '../../shared/forms/use-form.ts';
import { useSessionState } from '../../shared/session/session-query.ts';
import { MailNote } from '../../shared/sign-in/mail-note.tsx';
import { requestEmailChange } from './api/request-email-change.ts';

/** Show it only while it is open. */
export function ChangeEmailDialog({ onClose }: { onClose: () => void }) {
  const [sentTo, setSentTo] = useState<string | null>(null);
  const form = useForm({
    rules: { email: emailAddress, password: required('Enter your password') },
    gatewayFields: ['email', 'password'],
    submit: async ({ email, password }) => {
      await requestEmailChange({ email: email.trim(), password });
      setSentTo(email.trim());
    },
  });
  if (sentTo !== null) return <LookForLink email={sentTo} onClose={onClose} />;
  return (
    <FormDialog title="Change your e-mail address" submitLabel="Get a link" form={form} onClose={onClose}>
      <TextField
        label="New e-mail address"
        name="email"
        type="email"
        autoComplete="email"
        hint="It gets a link, with which you confirm the change."
        error={form.errors.email}
      />
      <PasswordField
        label="Your password"
        name="password"
        autoComplete="current-password"
        error={form.errors.password}
      />
    </FormDialog>
  );
}

function LookForLink({ email, onClose }: { email: string; onClose: () => void }) {
  const { mail } = useSessionState().sign_in;
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Look for the link"
      footer={<Button onClick={onClose}>Done</Button>}
    >
      <MailNote />
      <p className="text-muted">
        {mail ? 'A mail with a link is on its way to' : 'A link was made for'}{' '}
        <strong className="font-medium text-text">
          <Untrusted>{email}</Untrusted>
        </strong>
        . Open the link within an hour. Until then your address stays as it is.
      </p>
    </Dialog>
  );
}
