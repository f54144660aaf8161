/** Makes new recovery codes in place of the old. */
import { useState } from 'react';
import { Dialog } from '../../shared/components/dialog.tsx';
import { renewRecoveryCodes } from './api/renew-recovery-codes.ts';
import { PasswordForm } from './password-form.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';

export function RecoveryCodesDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const close = () => {
    setCodes(null);
    onClose();
  };
  return (
    <Dialog isOpen={isOpen} title="New recovery codes" {...(codes === null ? { onClose: close } : {})}>
      {codes === null ? (
        <>
          <p className="text-muted">The codes you have now will no longer work.</p>
          <PasswordForm
            submitLabel="Make new codes"
            onCancel={close}
            onPassword={async (password) => setCodes((await renewRecoveryCodes(password)).backupCodes)}
          />
        </>
      ) : (
        <RecoveryCodes codes={codes} onKept={close} />
      )}
    </Dialog>
  );
}
