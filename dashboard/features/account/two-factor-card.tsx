/** The second factor: on, off, and its recovery codes. */
import { useState } from 'react';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { useSession } from '../../shared/session/session-query.ts';
import { DisableTwoFactorDialog } from './disable-two-factor-dialog.tsx';
import { EnableTwoFactorDialog } from './enable-two-factor-dialog.tsx';
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx';

export function TwoFactorCard() {
  const { user } = useSession();
  const [open, setOpen] = useState<'enable' | 'disable' | 'codes' | null>(null);
  const close = () => setOpen(null);
  return (
    <Card
      title="Two-factor authentication"
      description="A code from an app on your phone, in addition to your password. Passkeys need no code."
      actions={
        <Badge tone={user.two_factor_enabled ? 'success' : 'neutral'}>
          {user.two_factor_enabled ? 'On' : 'Off'}
        </Badge>
      }
    >
      <div className="flex flex-wrap gap-2">
        {!user.has_password && (
          <p className="text-muted">Set a password first: the code is asked for after it.</p>
        )}
        {user.has_password && !user.two_factor_enabled && (
          <Button variant="secondary" onClick={() => setOpen('enable')}>
            Turn on
          </Button>
        )}
        {user.has_password && user.two_factor_enabled && (
          <>
            <Button variant="secondary" onClick={() => setOpen('codes')}>
              New recovery codes
            </Button>
            <Button variant="secondary" onClick={() => setOpen('disable')}>
              Turn off
            </Button>
          </>
        )}
      </div>
      <EnableTwoFactorDialog isOpen={open === 'enable'} onClose={close} />
      <DisableTwoFactorDialog isOpen={open === 'disable'} onClose={close} />
      <RecoveryCodesDialog isOpen={open === 'codes'} onClose={close} />
    </Card>
  );
}
