/** Programs that are told: added, changed, tried out, and what was sent to each. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { NotificationSettings, Webhook } from '../../../src/delivery/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { ConfirmDialog, Dialog } from '../../shared/components/dialog.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { SecretReveal } from '../../shared/components/secret-reveal.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import {
  changeWebhook,
  deleteWebhook,
  rotateSecret,
  testWebhook,
  webhooksQuery,
} from './api/notifications.ts';
import { Deliveries } from './deliveries.tsx';
import { WebhookDialog } from './webhook-dialog.tsx';

export type Kinds = NotificationSettings['kinds'];

const WHY_OFF = {
  failing: 'Nothing arrived there for three days. Switch it on again once its receiver works.',
  gone: 'Its receiver answered that it is gone for good.',
  sealed: 'The master key that sealed its address is lost: give it an address again.',
} as const;

export function WebhooksCard({ kinds }: { kinds: Kinds }) {
  const webhooks = useQuery(webhooksQuery);
  const [isAdding, setAdding] = useState(false);
  // Nowhere else: what a query cache holds outlives the dialog.
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <Card
      title="Webhooks"
      description="Each message is signed as Standard Webhooks says, and tried again for a day and a half."
      actions={
        <Button variant="secondary" onClick={() => setAdding(true)}>
          Add webhook
        </Button>
      }
    >
      {webhooks.isPending && <Loading label="Loading the webhooks" />}
      {webhooks.isError && (
        <LoadError
          title="The webhooks could not be loaded"
          error={webhooks.error}
          onRetry={() => void webhooks.refetch()}
        />
      )}
      {webhooks.data?.length === 0 && (
        <EmptyState title="No webhooks yet">
          Add the address of a program, and it is told of whatever you choose.
        </EmptyState>
      )}
      <ul className="grid grid-cols-1 divide-y divide-border">
        {webhooks.data?.map((webhook) => (
          <WebhookItem key={webhook.id} webhook={webhook} kinds={kinds} onSecret={setSecret} />
        ))}
      </ul>
      {isAdding && <WebhookDialog kinds={kinds} onClose={() => setAdding(false)} onSecret={setSecret} />}
      {secret !== null && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </Card>
  );
}

type Open = 'edit' | 'delete' | 'rotate';

function WebhookItem({
  webhook,
  kinds,
  onSecret,
}: {
  webhook: Webhook;
  kinds: Kinds;
  onSecret: (secret: string) => void;
}) {
  const [open, setOpen] = useState<Open | null>(null);
  const [showsDeliveries, setShowsDeliveries] = useState(false);
  const queries = useQueryClient();
  const toast = useToast();
  const onSettled = () => queries.invalidateQueries({ queryKey: webhooksQuery.queryKey });
  const onError = (error: Error) => toast(messageOf(error), { tone: 'danger' });
  const testing = useMutation({
    mutationFn: () => testWebhook(webhook.id),
    onSuccess: () => setShowsDeliveries(true),
    ...{ onError, onSettled },
  });
  const switching = useMutation({
    mutationFn: () => changeWebhook(webhook.id, { disabled: !webhook.disabled }),
    ...{ onError, onSettled },
  });
  const deleting = useMutation({
    mutationFn: () => deleteWebhook(webhook.id),
    onSuccess: () => setOpen(null),
    onSettled,
  });
  const rotating = useMutation({
    mutationFn: () => rotateSecret(webhook.id),
    onSuccess: ({ secret }) => {
      setOpen(null);
      onSecret(secret);
    },
    onSettled,
  });
  const { disabled_because: because } = webhook;
  return (
    <li className="grid grid-cols-1 gap-2 py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="min-w-0 font-medium">
          <Untrusted>{webhook.name}</Untrusted>
        </h3>
        <StateBadge webhook={webhook} />
      </div>
      <code className="font-mono text-xs break-all text-muted">{webhook.url ?? 'No address'}</code>
      <p className="text-muted">
        {webhook.kinds === null
          ? 'Is told everything'
          : `Is told of: ${webhook.kinds.map((kind) => labelOf(kinds, kind)).join('; ')}`}
      </p>
      {because !== null && <Alert tone="warning">{WHY_OFF[because]}</Alert>}
      <div className="flex flex-wrap gap-2">
        <Button
          variant="secondary"
          disabled={webhook.disabled}
          isBusy={testing.isPending}
          onClick={() => testing.mutate()}
        >
          Send a test
        </Button>
        <Button variant="secondary" onClick={() => setShowsDeliveries(!showsDeliveries)}>
          {showsDeliveries ? 'Hide deliveries' : 'Deliveries'}
        </Button>
        <Button variant="ghost" onClick={() => setOpen('edit')}>
          Edit
        </Button>
        <Button variant="ghost" isBusy={switching.isPending} onClick={() => switching.mutate()}>
          {webhook.disabled ? 'Switch on' : 'Switch off'}
        </Button>
        <Button variant="ghost" onClick={() => setOpen('rotate')}>
          New secret
        </Button>
        <Button variant="ghost" onClick={() => setOpen('delete')}>
          Delete
        </Button>
      </div>
      {showsDeliveries && <Deliveries webhook={webhook} kinds={kinds} />}
      {open === 'edit' && (
        <WebhookDialog webhook={webhook} kinds={kinds} onClose={() => setOpen(null)} onSecret={onSecret} />
      )}
      {open === 'delete' && (
        <ConfirmDialog
          isOpen
          title="Delete this webhook?"
          confirmLabel="Delete webhook"
          isBusy={deleting.isPending}
          onConfirm={() => deleting.mutate()}
          onClose={() => setOpen(null)}
        >
          <p>Nothing is sent there any more, and its secret is wiped.</p>
          {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
        </ConfirmDialog>
      )}
      {open === 'rotate' && (
        <ConfirmDialog
          isOpen
          title="Make a new secret?"
          confirmLabel="Make a new secret"
          isBusy={rotating.isPending}
          onConfirm={() => rotating.mutate()}
          onClose={() => setOpen(null)}
        >
          <p>For a day, messages are signed with both: with the new one, and with the one before.</p>
          {rotating.isError && <Alert tone="danger">{messageOf(rotating.error)}</Alert>}
        </ConfirmDialog>
      )}
    </li>
  );
}

function StateBadge({ webhook }: { webhook: Webhook }) {
  if (webhook.disabled) return <Badge>Off</Badge>;
  return webhook.failing_since === null ? (
    <Badge tone="success">On</Badge>
  ) : (
    <Badge tone="warning">Failing</Badge>
  );
}

/** Without a cross, and deaf to Escape: closed by accident, the secret would be lost. */
function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog isOpen title="Its signing secret" footer={<Button onClick={onClose}>I have saved it</Button>}>
      <Alert tone="warning">
        This is the only time that it is shown. Its receiver verifies with it that messages are ours.
      </Alert>
      <SecretReveal label="Signing secret" secret={secret} />
    </Dialog>
  );
}

export const labelOf = (kinds: Kinds, kind: string): string =>
  kinds.find((one) => one.kind === kind)?.label ?? (kind === 'webhook.test' ? 'A test' : kind);
