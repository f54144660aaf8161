/** Asks for another confirmation mail. */
import { useState } from 'react';
import { Alert } from '../components/alert.tsx';
import { Button } from '../components/button.tsx';
import { TextField } from '../components/field.tsx';
import { emailAddress, useForm } from '../forms/use-form.ts';
import { keepReturnTo } from '../session/kept-return-to.ts';
import { useSessionState } from '../session/session-query.ts';
import { readPendingEmail } from './pending-email.ts';
import { sendVerificationEmail } from './send-verification-email.ts';

export function ResendForm({ search }: { /** Where to go afterwards, as a query. */ search: string }) {
  const { sign_in } = useSessionState();
  const [isSent, setSent] = useState(false);
  const form = useForm({
    rules: { email: emailAddress },
    submit: async ({ email }) => {
      setSent(false);
      keepReturnTo(search);
      await sendVerificationEmail(email.trim());
      setSent(true);
    },
  });
  return (
    <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      {isSent && (
        <Alert tone="success">
          If this address is still to be confirmed, a new link {sign_in.mail ? 'is on its way' : 'was made'}.
        </Alert>
      )}
      <TextField
        label="E-mail address"
        name="email"
        type="email"
        autoComplete="username"
        defaultValue={readPendingEmail()}
        error={form.errors.email}
      />
      <Button type="submit" variant="secondary" isBusy={form.isSending}>
        Send a new link
      </Button>
    </form>
  );
}
