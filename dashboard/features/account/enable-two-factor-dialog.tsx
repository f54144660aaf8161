/** Three steps: the password, the app, the recovery codes. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { TwoFactorSetup } from '../../../src/accounts/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Dialog, DialogFooter } from '../../shared/components/dialog.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { confirmTwoFactor } from './api/confirm-two-factor.ts';
import { enableTwoFactor } from './api/enable-two-factor.ts';
import { PasswordForm } from './password-form.tsx';
import { QrCode } from './qr-code.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';

export function EnableTwoFactorDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [setup, setSetup] = useState<TwoFactorSetup | null>(null);
  const [isConfirmed, setConfirmed] = useState(false);
  const close = () => {
    setSetup(null);
    setConfirmed(false);
    onClose();
    // Only now: the card behind would change before the codes are kept.
    void queryClient.invalidateQueries();
  };
  return (
    <Dialog
      isOpen={isOpen}
      title={isConfirmed ? 'Your recovery codes' : 'Turn on two-factor authentication'}
      {...(isConfirmed ? {} : { onClose: close })}
    >
      {setup === null && (
        <PasswordForm
          submitLabel="Continue"
          onCancel={close}
          onPassword={async (password) => setSetup(await enableTwoFactor(password))}
        />
      )}
      {setup !== null && !isConfirmed && (
        <ConfirmStep setup={setup} onConfirmed={() => setConfirmed(true)} onCancel={close} />
      )}
      {setup !== null && isConfirmed && <RecoveryCodes codes={setup.backupCodes} onKept={close} />}
    </Dialog>
  );
}

function ConfirmStep({
  setup,
  onConfirmed,
  onCancel,
}: {
  setup: TwoFactorSetup;
  onConfirmed: () => void;
  onCancel: () => void;
}) {
  const form = useForm({
    rules: { code: (code) => (/^\d{6}$/.test(code.replaceAll(/\s/g, '')) ? null : 'Enter the 6 digits') },
    submit: async ({ code }) => {
      await confirmTwoFactor(code.replaceAll(/\s/g, ''));
      onConfirmed();
    },
  });
  const secret = URL.parse(setup.totpURI)?.searchParams.get('secret') ?? '';
  return (
    <>
      <p className="text-muted">Scan this with an authenticator app, or type the secret into it.</p>
      <div className="grid items-center gap-4 sm:grid-cols-[auto_1fr]">
        <div className="justify-self-center">
          <QrCode text={setup.totpURI} label="QR code for your authenticator app" />
        </div>
        <div className="min-w-0">
          <p className="font-medium">Secret</p>
          <code className="font-mono select-all">{secret.match(/.{1,4}/g)?.join(' ')}</code>
        </div>
      </div>
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        <TextField
          label="The code that the app shows"
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          inputClassName="font-mono text-lg tracking-widest"
          error={form.errors.code}
        />
        <DialogFooter>
          <Button variant="secondary" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" isBusy={form.isSending}>
            Turn on
          </Button>
        </DialogFooter>
      </form>
    </>
  );
}
