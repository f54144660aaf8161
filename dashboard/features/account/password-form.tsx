/** Asks for the password again, before something that a stolen session must not be able to do. */
import { Alert } from '../../shared/components/alert.tsx';
import { Button, type ButtonVariant } from '../../shared/components/button.tsx';
import { DialogFooter } from '../../shared/components/dialog.tsx';
import { PasswordField } from '../../shared/components/field.tsx';
import { required, useForm } from '../../shared/forms/use-form.ts';

export function PasswordForm({
  submitLabel,
  variant = 'primary',
  onPassword,
  onCancel,
}: {
  submitLabel: string;
  variant?: ButtonVariant;
  onPassword: (password: string) => Promise<void>;
  onCancel: () => void;
}) {
  const form = useForm({
    rules: { password: required('Enter your password') },
    submit: ({ password }) => onPassword(password),
  });
  return (
    <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <PasswordField
        label="Your password"
        name="password"
        autoComplete="current-password"
        error={form.errors.password}
      />
      <DialogFooter>
        <Button variant="secondary" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" variant={variant} isBusy={form.isSending}>
          {submitLabel}
        </Button>
      </DialogFooter>
    </form>
  );
}
