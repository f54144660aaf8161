/** What one is told by mail, and which programs are told by webhooks. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { NotificationSettings } from '../../../src/delivery/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { Switch } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { changeLimitPercent, changePreference, notificationsQuery } from './api/notifications.ts';
import { WebhooksCard } from './webhooks-card.tsx';

export function NotificationsPage() {
  const settings = useQuery(notificationsQuery);
  const isAdmin = hasRole(useSession(), 'admin');
  return (
    <>
      <PageTitle
        title="Notifications"
        description="What you are told by mail, and which programs are told by webhooks."
      />
      <div className="grid max-w-3xl grid-cols-1 gap-5">
        {settings.isPending && (
          <Card>
            <Loading label="Loading your notifications" />
          </Card>
        )}
        {settings.isError && (
          <Card>
            <LoadError
              title="Your notifications could not be loaded"
              error={settings.error}
              onRetry={() => void settings.refetch()}
            />
          </Card>
        )}
        {settings.isSuccess && (
          <>
            <MailCard settings={settings.data} />
            {isAdmin && <LimitCard settings={settings.data} />}
            {isAdmin && <WebhooksCard kinds={settings.data.kinds} />}
          </>
        )}
      </div>
    </>
  );
}

function MailCard({ settings }: { settings: NotificationSettings }) {
  const queries = useQueryClient();
  const toast = useToast();
  const changing = useMutation({
    mutationFn: ({ kind, byMail }: { kind: string; byMail: boolean }) => changePreference(kind, byMail),
    onSuccess: (saved) => queries.setQueryData(notificationsQuery.queryKey, saved),
    onError: (error) => toast(messageOf(error), { tone: 'danger' }),
  });
  return (
    <Card title="By mail" description="To the address that you sign in with, once it is confirmed.">
      {!settings.has_mail && (
        <Alert title="No mail server is set up">
          Letters are printed where the gateway runs instead. Whoever runs it sets one up under mail in
          turnpike.yaml.
        </Alert>
      )}
      <div className="grid grid-cols-1">
        {settings.mail.map(({ kind, label, by_mail }) => (
          <Switch
            key={kind}
            label={label}
            checked={by_mail}
            disabled={changing.isPending}
            onChange={(byMail) => changing.mutate({ kind, byMail })}
          />
        ))}
      </div>
    </Card>
  );
}

function LimitCard({ settings }: { settings: NotificationSettings }) {
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: {
      key_limit_percent: (text) =>
        /^[1-9]\d?$/.test(text.trim()) ? null : 'Enter a whole number from 1 to 99',
    },
    submit: async ({ key_limit_percent }) => {
      const saved = await changeLimitPercent(Number(key_limit_percent.trim()));
      queries.setQueryData(notificationsQuery.queryKey, saved);
      toast('Saved');
    },
  });
  return (
    <Card title="Limits of keys" description="For everybody in the organisation.">
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <TextField
          label="Tell when so many percent of a key’s limit are used"
          name="key_limit_percent"
          inputMode="numeric"
          defaultValue={String(settings.key_limit_percent)}
          error={form.errors.key_limit_percent}
          hint="And once more when all of it is."
        />
        <div>
          <Button type="submit" variant="secondary" isBusy={form.isSending}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}
