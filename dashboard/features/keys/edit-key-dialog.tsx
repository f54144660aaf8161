/** Changes what may be changed about a key: its name, its limit and its switches. */
import { useQueryClient } from '@tanstack/react-query';
import type { PageKey } from '../../../src/keys/answers.ts';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeKey, type KeyChanges } from './api/change-key.ts';
import { KEY_RULES, KeyFields, keyFieldsOf } from './key-form.tsx';
import { useIsBound } from './use-is-bound.ts';

/** Show it only while it is open: it starts from what the key is then. */
export function EditKeyDialog({ apiKey, onClose }: { apiKey: PageKey; onClose: () => void }) {
  const queries = useQueryClient();
  const toast = useToast();
  const isBound = useIsBound(apiKey);
  const form = useForm({
    // A name that was given elsewhere may be longer than one may be here.
    rules: { ...KEY_RULES, name: (name: string) => (name === apiKey.name ? null : KEY_RULES.name(name)) },
    submit: async (values) => {
      const { name, cut_streams_when_revoked, ...limit } = keyFieldsOf(values);
      // Fields that are disabled are no part of the form.
      const fields = { name, cut_streams_when_revoked, ...(!isBound && limit) };
      const changes = changesTo(apiKey, fields);
      if (Object.keys(changes).length > 0) await changeKey(apiKey.hash, changes);
      await queries.invalidateQueries({ queryKey: ['keys'] });
      toast('Saved');
      onClose();
    },
  });
  return (
    <FormDialog title="Edit key" submitLabel="Save" form={form} onClose={onClose}>
      <KeyFields apiKey={apiKey} isBound={isBound} errors={form.errors} />
    </FormDialog>
  );
}

/** Only what differs: what somebody else has changed meanwhile stays. */
function changesTo(apiKey: PageKey, fields: KeyChanges): KeyChanges {
  const names = Object.keys(fields) as (keyof KeyChanges)[];
  return Object.fromEntries(
    names.filter((name) => !isSame(fields[name], apiKey[name])).map((name) => [name, fields[name]]),
  );
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
