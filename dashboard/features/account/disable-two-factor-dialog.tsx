/** Takes the second factor away, with the password. */
import { useQueryClient } from '@tanstack/react-query';
import { Dialog } from '../../shared/components/dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { disableTwoFactor } from './api/disable-two-factor.ts';
import { PasswordForm } from './password-form.tsx';

export function DisableTwoFactorDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const queryClient = useQueryClient();
  const toast = useToast();
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Turn off two-factor authentication">
      <p className="text-muted">Whoever knows your password will then be able to sign in as you.</p>
      <PasswordForm
        submitLabel="Turn off"
        variant="danger"
        onCancel={onClose}
        onPassword={async (password) => {
          await disableTwoFactor(password);
          await queryClient.invalidateQueries();
          toast('Two-factor authentication is off');
          onClose();
        }}
      />
    </Dialog>
  );
}
