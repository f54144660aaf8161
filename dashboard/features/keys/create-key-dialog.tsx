/** Makes a key, and shows its secret this once. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { SecretReveal } from '../../shared/components/secret-reveal.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { EXPIRY_RULES, type ExpiryFieldName, ExpiryFields } from '../../shared/forms/expiry-field.tsx';
import { optional, useForm } from '../../shared/forms/use-form.ts';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { workspacesQuery } from '../../shared/workspaces/workspaces-query.ts';
import { createKey } from './api/create-key.ts';
import { FirstCall } from './first-call.tsx';
import { KEY_RULES, type KeyField, KeyFields, keyFieldsOf } from './key-form.tsx';

export function CreateKeyDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  // Nowhere else: what a query cache holds outlives the dialog.
  const [secret, setSecret] = useState<string | null>(null);
  if (!isOpen) return null;
  if (secret === null) return <KeyForm onClose={onClose} onCreated={setSecret} />;
  return (
    <CreatedDialog
      secret={secret}
      onClose={() => {
        setSecret(null);
        onClose();
      }}
    />
  );
}

function KeyForm({ onClose, onCreated }: { onClose: () => void; onCreated: (secret: string) => void }) {
  const queries = useQueryClient();
  const isAdmin = hasRole(useSession(), 'admin');
  const { data: workspaces = [] } = useQuery(workspacesQuery);
  const chosen = useChosenWorkspace();
  const form = useForm<KeyField | ExpiryFieldName | 'owner' | 'workspace'>({
    rules: { ...KEY_RULES, ...EXPIRY_RULES, owner: optional, workspace: optional },
    submit: async (values) => {
      const { key } = await createKey({
        ...keyFieldsOf(values),
        expires_at: values.expires_at || null,
        ...(values.workspace === '' ? {} : { workspace_id: values.workspace }),
        ...(values.owner === 'organisation' ? { creator_user_id: null } : {}),
      });
      onCreated(key);
      await queries.invalidateQueries({ queryKey: ['keys'] });
    },
  });
  return (
    <FormDialog title="Create a key" submitLabel="Create key" form={form} onClose={onClose}>
      <KeyFields errors={form.errors}>
        <ExpiryFields error={form.errors.expires_at} />
        {workspaces.length > 1 && (
          <SelectField
            label="Workspace"
            name="workspace"
            options={workspaces.map(({ id, name }) => ({ value: id, label: plainName(name) }))}
            defaultValue={(chosen ?? workspaces.find((one) => one.is_default))?.id}
            hint="Its guardrails and budgets bind the key. It cannot be moved later."
          />
        )}
        {isAdmin && (
          <SelectField
            label="Belongs to"
            name="owner"
            options={[
              { value: '', label: 'You' },
              { value: 'organisation', label: 'The organisation' },
            ]}
            hint="A key of the organisation goes on working when whoever made it leaves."
          />
        )}
      </KeyFields>
    </FormDialog>
  );
}

/** Without a cross, and deaf to Escape: closed by accident, the secret would be lost. */
function CreatedDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog isOpen title="Your new key" footer={<Button onClick={onClose}>I have saved it</Button>}>
      <Alert tone="warning">
        This is the only time that the whole key is shown. Save it where your other secrets are: whoever has
        it spends on your account.
      </Alert>
      <SecretReveal label="Secret key" secret={secret} />
      <div className="grid min-w-0 gap-2">
        <p className="text-muted">
          With the key in the environment variable OPENROUTER_API_KEY, this is a first request:
        </p>
        <FirstCall />
      </div>
    </Dialog>
  );
}
