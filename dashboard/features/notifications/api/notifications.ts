/** What one gets by mail, and the webhooks of the organisation. */
import { queryOptions } from '@tanstack/react-query';
import type {
  Delivery,
  NotificationSettings,
  Webhook,
  WebhookWithSecret,
} from '../../../../src/delivery/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

const SETTINGS = '/api/dashboard/notifications';
const WEBHOOKS = '/api/dashboard/webhooks';

export const notificationsQuery = queryOptions({
  queryKey: ['notifications'],
  queryFn: ({ signal }) => requestData<NotificationSettings>('GET', SETTINGS, { signal }),
});

export const changePreference = (kind: string, byMail: boolean): Promise<NotificationSettings> =>
  requestData('PATCH', SETTINGS, { body: { by_mail: { [kind]: byMail } } });

export const changeLimitPercent = (percent: number): Promise<NotificationSettings> =>
  requestData('PATCH', `${SETTINGS}/settings`, { body: { key_limit_percent: percent } });

export const webhooksQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: ({ signal }) => requestData<readonly Webhook[]>('GET', WEBHOOKS, { signal }),
});

/** What waits is looked at again until it has arrived or was given up. */
export const deliveriesQuery = (id: string) =>
  queryOptions({
    queryKey: ['webhooks', id, 'deliveries'],
    queryFn: ({ signal }) =>
      requestData<readonly Delivery[]>('GET', `${WEBHOOKS}/${id}/deliveries?limit=20`, { signal }),
    refetchInterval: ({ state }) => (state.data?.some((one) => one.state === 'waiting') ? 2000 : false),
  });

export interface WebhookFields {
  readonly name: string;
  readonly url: string;
  readonly kinds: readonly string[] | null;
}

export const createWebhook = (body: WebhookFields): Promise<WebhookWithSecret> =>
  requestData('POST', WEBHOOKS, { body });

export const changeWebhook = (
  id: string,
  body: Partial<WebhookFields> & { disabled?: boolean },
): Promise<Webhook> => requestData('PATCH', `${WEBHOOKS}/${id}`, { body });

export const deleteWebhook = (id: string): Promise<unknown> => requestData('DELETE', `${WEBHOOKS}/${id}`);

export const rotateSecret = (id: string): Promise<WebhookWithSecret> =>
  requestData('POST', `${WEBHOOKS}/${id}/secret`, { body: {} });

export const testWebhook = (id: string): Promise<Delivery> =>
  requestData('POST', `${WEBHOOKS}/${id}/test`, { body: {} });

export const replayDelivery = (id: string, delivery: string): Promise<Delivery> =>
  requestData('POST', `${WEBHOOKS}/${id}/deliveries/${delivery}/replay`, { body: {} });
