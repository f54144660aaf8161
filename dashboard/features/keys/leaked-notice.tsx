/** A key whose secret was found where everybody can read it: what happened to it, and the two ways on. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { PageKey } from '../../../src/keys/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { ConfirmDialog, Dialog } from '../../shared/components/dialog.tsx';
import { SecretReveal } from '../../shared/components/secret-reveal.tsx';
import { ExternalLink } from '../../shared/components/text-link.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { formatDateTime } from '../../shared/format/time.ts';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { rotateKey } from './api/rotate-key.ts';
import { useSwitchKeys } from './use-key-actions.ts';

export function LeakedNotice({ apiKey, leak }: { apiKey: PageKey; leak: NonNullable<PageKey['leak']> }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const switching = useSwitchKeys();
  const isAdmin = hasRole(useSession(), 'admin');
  const [isAsking, setAsking] = useState(false);
  // Nowhere else: what a query cache holds outlives the dialog.
  const [fresh, setFresh] = useState<{ readonly key: string; readonly hash: string } | null>(null);
  const replacing = useMutation({
    mutationFn: () => rotateKey(apiKey.hash, 0),
    onSuccess: ({ key, hash }) => setFresh({ key, hash }),
    onError: (error) => toast(messageOf(error), { tone: 'danger' }),
  });
  const done = async () => {
    const hash = fresh?.hash ?? apiKey.hash;
    setFresh(null);
    await navigate({ to: '/keys/$hash', params: { hash }, replace: true });
    await queries.invalidateQueries({ queryKey: ['keys'] });
  };
  return (
    <>
      <Alert tone="danger" title="This key is public">
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
            ? 'It is quarantined: whatever uses it, or a key that it made, is refused. With a new secret it works again.'
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
      </Alert>
      {isAsking && (
        <ConfirmDialog
          isOpen
          title="Restore a key that is public?"
          confirmLabel="Restore it"
          isBusy={switching.isPending}
          onConfirm={() =>
            switching.mutate({ keys: [apiKey], disabled: false }, { onSuccess: () => setAsking(false) })
          }
          onClose={() => setAsking(false)}
        >
          <p>
            Whoever has read it can spend with it again. Do so only if what was found is not the key, or
            nobody but you can have seen it.
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
