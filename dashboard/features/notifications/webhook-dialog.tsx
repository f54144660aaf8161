/** A webhook, made or changed: its name, its address, and of what it is told. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Webhook } from '../../../src/delivery/answers.ts';
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { RadioField } from '../../shared/components/radio-field.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeWebhook, createWebhook, webhooksQuery } from './api/notifications.ts';
import type { Kinds } from './webhooks-card.tsx';

/** Show it only while it is open: it starts from what the webhook is then. */
export function WebhookDialog({
  webhook,
  kinds,
  onClose,
  onSecret,
}: {
  webhook?: Webhook;
  kinds: Kinds;
  onClose: () => void;
  onSecret: (secret: string) => void;
}) {
  const queries = useQueryClient();
  const [isOfSome, setOfSome] = useState(webhook !== undefined && webhook.kinds !== null);
  const [chosen, setChosen] = useState<readonly string[]>(webhook?.kinds ?? []);
  const form = useForm({
    rules: {
      name: (text) => (text.trim() === '' ? 'Give the webhook a name' : null),
      url: (text) =>
        /^https?:\/\/./.test(text.trim()) ? null : 'Enter an address that begins with https://',
      kinds: () => (isOfSome && chosen.length === 0 ? 'Choose a kind, or all of them' : null),
    },
    submit: async ({ name, url }) => {
      const fields = { name: name.trim(), url: url.trim(), kinds: isOfSome ? chosen : null };
      if (webhook === undefined) onSecret((await createWebhook(fields)).secret);
      else await changeWebhook(webhook.id, fields);
      onClose();
      await queries.invalidateQueries({ queryKey: webhooksQuery.queryKey });
    },
  });
  return (
    <FormDialog
      title={webhook === undefined ? 'Add a webhook' : 'Edit webhook'}
      submitLabel={webhook === undefined ? 'Add webhook' : 'Save'}
      form={form}
      onClose={onClose}
    >
      <TextField label="Name" name="name" defaultValue={webhook?.name ?? ''} error={form.errors.name} />
      <TextField
        label="Address"
        name="url"
        type="url"
        defaultValue={webhook?.url ?? ''}
        error={form.errors.url}
        hint="https, and on the public internet. It is sealed when it is saved."
      />
      <RadioField
        legend="Is told of"
        name="what"
        defaultValue={isOfSome ? 'some' : 'all'}
        onChange={(value) => setOfSome(value === 'some')}
        options={[
          { value: 'all', label: 'Everything', hint: 'Also of what later versions tell.' },
          { value: 'some', label: 'Only some', hint: 'What you choose here.' },
        ]}
      />
      {isOfSome && (
        <div>
          {kinds.map(({ kind, label }) => (
            <Checkbox
              key={kind}
              label={label}
              checked={chosen.includes(kind)}
              onChange={(isChosen) =>
                setChosen((all) => (isChosen ? [...all, kind] : all.filter((one) => one !== kind)))
              }
            />
          ))}
          {form.errors.kinds != null && <p className="text-danger-text">{form.errors.kinds}</p>}
        </div>
      )}
    </FormDialog>
  );
}
