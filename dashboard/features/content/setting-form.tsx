/** What is kept: switched on, for how long, how much of it and of which keys. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ContentSettingAnswer } from '../../../src/content/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { RadioField } from '../../shared/components/radio-field.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { formatDate } from '../../shared/format/time.ts';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeContentSetting, contentSettingQuery } from './api/content-setting.ts';
import { KeyPicker } from './key-picker.tsx';

const MAX_DAYS = 3650;

/** `workspaceId` null: of the default one. */
export function SettingForm({
  workspaceId,
  setting,
}: {
  workspaceId: string | null;
  setting: ContentSettingAnswer;
}) {
  const queries = useQueryClient();
  const toast = useToast();
  const [isOn, setOn] = useState(setting.enabled);
  const [isOfSome, setOfSome] = useState(setting.api_key_hashes !== null);
  const [hashes, setHashes] = useState<readonly string[]>(setting.api_key_hashes ?? []);
  const form = useForm({
    rules: {
      retention_days: (text) =>
        wholeNumber(text, MAX_DAYS) === null ? `Enter a number of days from 1 to ${MAX_DAYS}` : null,
      sampling_rate: (text) => (percent(text) === null ? 'Enter a share from 0.01 to 100 %' : null),
      api_key_hashes: () =>
        isOn && isOfSome && hashes.length === 0 ? 'Choose a key, or keep what all of them say' : null,
    },
    submit: async ({ retention_days, sampling_rate }) => {
      const saved = await changeContentSetting(workspaceId, {
        enabled: isOn,
        retention_days: wholeNumber(retention_days, MAX_DAYS) ?? setting.retention_days,
        sampling_rate: percent(sampling_rate) ?? setting.sampling_rate,
        api_key_hashes: isOfSome && hashes.length > 0 ? [...hashes] : null,
      });
      queries.setQueryData(contentSettingQuery(workspaceId).queryKey, saved);
      toast(saved.enabled ? 'Saved: prompts and answers are kept from now on' : 'Saved: nothing is kept');
    },
  });
  return (
    <Card
      title="Keep prompts and answers"
      description="Sealed in the database of this gateway. Admins and owners read them in the logs, and who read which is written down."
      actions={<Badge tone={setting.enabled ? 'success' : 'neutral'}>{setting.enabled ? 'On' : 'Off'}</Badge>}
    >
      <form noValidate className="grid gap-5" onSubmit={form.onSubmit}>
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <Checkbox
          label="Keep what is said from now on"
          hint="Tell the people who use these keys. Requests that ran before are not kept."
          checked={isOn}
          disabled={!setting.allowed && !isOn}
          onChange={setOn}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="For how many days"
            name="retention_days"
            inputMode="numeric"
            defaultValue={String(setting.retention_days)}
            error={form.errors.retention_days}
            hint="Then they are deleted. A shorter time holds for what is kept already, too."
          />
          <TextField
            label="Share of the requests, in %"
            name="sampling_rate"
            inputMode="decimal"
            defaultValue={String(Math.round(setting.sampling_rate * 1e6) / 1e4)}
            error={form.errors.sampling_rate}
            hint="Of a conversation with a session id all requests are kept, or none."
          />
        </div>
        <RadioField
          legend="Of which keys"
          name="keys"
          defaultValue={isOfSome ? 'some' : 'all'}
          onChange={(value) => setOfSome(value === 'some')}
          options={[
            { value: 'all', label: 'Every key', hint: 'Also of those that are made later.' },
            { value: 'some', label: 'Only some', hint: 'What other keys say is not kept.' },
          ]}
        />
        {isOfSome && (
          <KeyPicker
            workspaceId={setting.workspace_id}
            chosen={hashes}
            onChange={setHashes}
            error={form.errors.api_key_hashes}
          />
        )}
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button type="submit" isBusy={form.isSending}>
            Save
          </Button>
          {setting.updated_at !== null && (
            <p className="text-muted">Last changed on {formatDate(setting.updated_at)}</p>
          )}
        </div>
      </form>
    </Card>
  );
}

function wholeNumber(text: string, most: number): number | null {
  const number = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  return number >= 1 && number <= most ? number : null;
}

/** A share from 0.0001 to 1. */
function percent(text: string): number | null {
  const plain = text.trim().replace(/\s*%$/, '').replace(',', '.');
  const share = /^\d{1,3}(?:\.\d{1,4})?$/.test(plain) ? Number(plain) / 100 : 0;
  return share >= 0.0001 && share <= 1 ? share : null;
}
