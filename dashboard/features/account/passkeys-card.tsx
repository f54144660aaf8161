/** The devices that sign one in by themselves. */

import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Passkey } from '../../../src/accounts/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { ConfirmDialog, Dialog, DialogFooter } from '../../shared/components/dialog.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { PasskeyIcon, TrashIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { ExternalLink } from '../../shared/components/text-link.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDate } from '../../shared/format/time.ts';
import { required, useForm } from '../../shared/forms/use-form.ts';
import { useSessionState } from '../../shared/session/session-query.ts';
import { passkeyAddress, whyNoPasskeys } from '../../shared/sign-in/passkey-support.ts';
import { addPasskey } from './api/add-passkey.ts';
import { deletePasskey } from './api/delete-passkey.ts';
import { passkeysQuery } from './api/list-passkeys.ts';
import { signInMethodsQuery } from './api/list-sign-in-methods.ts';

export function PasskeysCard() {
  const passkeys = useQuery(passkeysQuery);
  const { passkey_host: host } = useSessionState().sign_in;
  const [isAdding, setAdding] = useState(false);
  return (
    <Card
      title="Passkeys"
      description="Sign in with your fingerprint, your face or the PIN of your device."
      actions={
        whyNoPasskeys(host) === null && (
          <Button variant="secondary" onClick={() => setAdding(true)}>
            Add a passkey
          </Button>
        )
      }
    >
      {passkeys.isPending && <Loading />}
      {passkeys.isError && (
        <LoadError
          title="The passkeys could not be loaded"
          error={passkeys.error}
          onRetry={() => void passkeys.refetch()}
        />
      )}
      {passkeys.isSuccess && <PasskeyList passkeys={passkeys.data} />}
      <Dialog isOpen={isAdding} onClose={() => setAdding(false)} title="Add a passkey">
        <AddPasskey onDone={() => setAdding(false)} />
      </Dialog>
    </Card>
  );
}

function NoPasskeys() {
  const { passkey_host: host } = useSessionState().sign_in;
  const elsewhere = passkeyAddress(host);
  return (
    <p className="text-muted">
      {whyNoPasskeys(host) ?? 'You have none yet.'}{' '}
      {elsewhere !== null && <ExternalLink href={elsewhere}>Open it there</ExternalLink>}
    </p>
  );
}

function PasskeyList({ passkeys }: { passkeys: readonly Passkey[] }) {
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const queryClient = useQueryClient();
  const toast = useToast();
  const removal = useMutation({
    mutationFn: deletePasskey,
    onSuccess: async () => {
      await refresh(queryClient);
      setRemoving(null);
      toast('The passkey is removed');
    },
  });
  if (passkeys.length === 0) {
    return <NoPasskeys />;
  }
  return (
    <>
      <ul className="divide-y divide-border">
        {passkeys.map((passkey) => (
          <li key={passkey.id} className="flex items-center gap-3 py-1.5 first:pt-0 last:pb-0">
            <span className="text-muted">
              <PasskeyIcon />
            </span>
            <div className="min-w-0 flex-1">
              <p>
                <Untrusted>{passkey.name ?? 'Passkey'}</Untrusted>
              </p>
              {passkey.createdAt !== null && (
                <p className="text-muted">Added on {formatDate(passkey.createdAt)}</p>
              )}
            </div>
            <IconButton
              label={`Remove ${plainName(passkey.name ?? 'passkey')}`}
              onClick={() => setRemoving(passkey)}
            >
              <TrashIcon />
            </IconButton>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        isOpen={removing !== null}
        onClose={() => {
          removal.reset();
          setRemoving(null);
        }}
        title="Remove this passkey?"
        confirmLabel="Remove"
        isBusy={removal.isPending}
        onConfirm={() => removing !== null && removal.mutate(removing.id)}
      >
        {removal.isError && <Alert tone="danger">{messageOf(removal.error)}</Alert>}
        <p className="text-muted">Nobody can sign in with it any more, not even you.</p>
      </ConfirmDialog>
    </>
  );
}

/** Whether another way in may go depends on how many passkeys there are. */
async function refresh(queryClient: QueryClient): Promise<void> {
  await Promise.all(
    [passkeysQuery, signInMethodsQuery].map(({ queryKey }) => queryClient.invalidateQueries({ queryKey })),
  );
}

function AddPasskey({ onDone }: { onDone: () => void }) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: { name: required('Give it a name, so that you know it later') },
    submit: async ({ name }) => {
      await addPasskey(name.trim());
      await refresh(queryClient);
      toast('The passkey is added');
      onDone();
    },
  });
  return (
    <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <TextField
        label="Name"
        name="name"
        placeholder="Laptop"
        maxLength={120}
        autoComplete="off"
        hint="Your browser then asks you where to save it."
        error={form.errors.name}
      />
      <DialogFooter>
        <Button variant="secondary" onClick={onDone}>
          Cancel
        </Button>
        <Button type="submit" isBusy={form.isSending}>
          Continue
        </Button>
      </DialogFooter>
    </form>
  );
}
