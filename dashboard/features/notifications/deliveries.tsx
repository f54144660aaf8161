/** What was sent to a webhook last, and what became of it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Delivery, Webhook } from '../../../src/delivery/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Badge, type BadgeTone } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { formatDateTime, formatRelative } from '../../shared/format/time.ts';
import { deliveriesQuery, replayDelivery } from './api/notifications.ts';
import { type Kinds, labelOf } from './webhooks-card.tsx';

const STATES: Readonly<Record<Delivery['state'], readonly [tone: BadgeTone, word: string]>> = {
  waiting: ['warning', 'Waiting'],
  delivered: ['success', 'Delivered'],
  failed: ['danger', 'Given up'],
};

export function Deliveries({ webhook, kinds }: { webhook: Webhook; kinds: Kinds }) {
  const deliveries = useQuery(deliveriesQuery(webhook.id));
  if (deliveries.isPending) return <Loading label="Loading the deliveries" />;
  if (deliveries.isError)
    return (
      <LoadError
        title="The deliveries could not be loaded"
        error={deliveries.error}
        onRetry={() => void deliveries.refetch()}
      />
    );
  if (deliveries.data.length === 0)
    return <p className="text-muted">Nothing was sent in the last 30 days.</p>;
  return (
    <ul className="grid grid-cols-1 divide-y divide-border rounded-lg border border-border px-3">
      {deliveries.data.map((delivery) => (
        <Item key={delivery.id} delivery={delivery} webhook={webhook} kinds={kinds} />
      ))}
    </ul>
  );
}

function Item({ delivery, webhook, kinds }: { delivery: Delivery; webhook: Webhook; kinds: Kinds }) {
  const queries = useQueryClient();
  const toast = useToast();
  const replaying = useMutation({
    mutationFn: () => replayDelivery(webhook.id, delivery.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: deliveriesQuery(webhook.id).queryKey }),
    onError: (error) => toast(messageOf(error), { tone: 'danger' }),
  });
  const [tone, word] = STATES[delivery.state];
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
      <Badge tone={tone}>{word}</Badge>
      <span className="min-w-0 flex-1">
        {labelOf(kinds, delivery.kind)}
        <span className="block text-xs text-muted">
          <time dateTime={delivery.created_at} title={formatDateTime(delivery.created_at)}>
            {formatRelative(delivery.created_at)}
          </time>
          {`, ${delivery.attempts === 1 ? '1 attempt' : `${delivery.attempts} attempts`}`}
          {delivery.last_problem === null ? '' : `: ${delivery.last_problem}`}
          {delivery.next_attempt_at === null || delivery.attempts === 0
            ? ''
            : `; next ${formatRelative(delivery.next_attempt_at)}`}
        </span>
      </span>
      {delivery.state !== 'waiting' && (
        <Button
          variant="ghost"
          disabled={webhook.disabled}
          isBusy={replaying.isPending}
          onClick={() => replaying.mutate()}
        >
          Send again
        </Button>
      )}
    </li>
  );
}
