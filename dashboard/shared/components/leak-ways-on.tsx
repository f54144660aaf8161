/** What is known of a key whose secret was found where everybody can read it, and the two ways on. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { PageKey } from '../../../src/keys/answers.ts';
import { messageOf } from '../api/request.ts';
import { formatDateTime } from '../format/time.ts';
import { hasRole, useSession } from '../session/session-query.ts';
import { Alert } from './alert.tsx';
import { Button } from './button.tsx';
import { ConfirmDialog, Dialog } from './dialog.tsx';
import { SecretReveal } from './secret-reveal.tsx';
import { ExternalLink } from './text-link.tsx';
import { useToast } from './toast.tsx';

/** To stand in an alert. `refused`: what is, as long as it is quarantined. */
export function LeakWaysOn({
  leak,
  refused,
  replace,
  restore,
  onReplaced,
  onRestored,
}: {
  leak: NonNullable<PageKey['leak']>;
  refused: string;
  replace: () => Promise<{ readonly key: string; readonly hash: string }>;
  restore: () => Promise<unknown>;
  /** The new secret was saved; by its hash. */
  onReplaced: (hash: string) => Promise<unknown>;
  onRestored: () => Promise<unknown>;
}) {
  const toast = useToast();
  const isAdmin = hasRole(useSession(), 'admin');
  const [isAsking, setAsking] = useState(false);
  // Nowhere else: what a query cache holds outlives the dialog.
  const [fresh, setFresh] = useState<{ readonly key: string; readonly hash: string } | null>(null);
  const restoring = useMutation({
    mutationFn: restore,
    onSuccess: async () => {
      setAsking(false);
      toast('It works again, as it was');
      await onRestored();
    },
    onError: (error) => toast(messageOf(error), { tone: 'danger' }),
  });
  const replacing = useMutation({
    mutationFn: replace,
    onSuccess: ({ key, hash }) => setFresh({ key, hash }),
    onError: (error) => toast(messageOf(error), { tone: 'danger' }),
  });
  const done = async () => {
    const hash = fresh?.hash;
    setFresh(null);
    if (hash !== undefined) await onReplaced(hash);
  };
  return (
    <>
      <p>
        {leak.source === 'github' ? 'GitHub' : leak.source} found it on {formatDateTime(leak.found_at)}
        {leak.url === null ? '.' : ' at '}
        {leak.url !== null && (
          <span className="break-all">
            <ExternalLink href={leak.url}>{leak.url}</ExternalLink>
          </span>
        )}
      </p>
      <p className="mt-1">
        {leak.is_quarantined
          ? `It is quarantined: ${refused} is refused. With a new secret it works again.`
          : 'It still works, for whoever has read it, too. Replace its secret now.'}
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button isBusy={replacing.isPending} onClick={() => replacing.mutate()}>
          Replace its secret
        </Button>
        {leak.is_quarantined && isAdmin && (
          <Button variant="secondary" onClick={() => setAsking(true)}>
            Restore as it is
          </Button>
        )}
      </div>
      {isAsking && (
        <ConfirmDialog
          isOpen
          title="Restore a key that is public?"
          confirmLabel="Restore it"
          isBusy={restoring.isPending}
          onConfirm={() => restoring.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>
            Whoever has read it can use it again. Do so only if what was found is not the key, or nobody but
            you can have seen it.
          </p>
        </ConfirmDialog>
      )}
      {fresh !== null && (
        <Dialog
          isOpen
          title="Its new secret"
          footer={<Button onClick={() => void done()}>I have saved it</Button>}
        >
          <Alert tone="warning">This is the only time that it is shown. The one before works no more.</Alert>
          <SecretReveal label="Secret key" secret={fresh.key} />
        </Dialog>
      )}
    </>
  );
}
