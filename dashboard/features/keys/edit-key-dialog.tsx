/** Changes what may be changed about a key: its name, its limit and its switches. */
import { useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeKey, type KeyChanges } from './api/change-key.ts';
import type { ApiKey } from './api-key.ts';
import { KEY_RULES, KeyFields, keyFieldsOf } from './key-form.tsx';

/** Show it only while it is open: it starts from what the key is then. */
export function EditKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const formId = useId();
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm({
    // A name that was given elsewhere may be longer than one may be here.
    rules: { ...KEY_RULES, name: (name: string) => (name === apiKey.name ? null : KEY_RULES.name(name)) },
    submit: async (values) => {
      const changes = changesTo(apiKey, keyFieldsOf(values));
      if (Object.keys(changes).length > 0) await changeKey(apiKey.hash, changes);
      await queries.invalidateQueries({ queryKey: ['keys'] });
      toast('Saved');
      onClose();
    },
  });
  return (
    <Dialog
      isOpen
      title="Edit key"
      onClose={onClose}
      footer={
        <>
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form={formId} isBusy={form.isSending}>
            Save
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={form.onSubmit} className="grid gap-4">
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <KeyFields apiKey={apiKey} errors={form.errors} />
      </form>
    </Dialog>
  );
}

/** Only what differs: what somebody else has changed meanwhile stays. */
function changesTo(apiKey: ApiKey, fields: KeyChanges): KeyChanges {
  const names = Object.keys(fields) as (keyof KeyChanges)[];
  return Object.fromEntries(
    names.filter((name) => fields[name] !== apiKey[name]).map((name) => [name, fields[name]]),
  );
}
