/** Makes a management key, and shows its secret this once. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { CodeBlock } from '../../shared/components/code-block.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { SecretReveal } from '../../shared/components/secret-reveal.tsx';
import { EXPIRY_RULES, type ExpiryFieldName, ExpiryFields } from '../../shared/forms/expiry-field.tsx';
import { required, useForm } from '../../shared/forms/use-form.ts';
import { createManagementKey, managementKeysQuery } from './api/management-keys.ts';

/** Show it only while it is open. */
export function CreateManagementKeyDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  // Nowhere else: what a query cache holds outlives the dialog.
  const [secret, setSecret] = useState<string | null>(null);
  const form = useForm<'name' | ExpiryFieldName>({
    rules: { name: required('Give the key a name'), ...EXPIRY_RULES },
    submit: async ({ name, expires_at }) => {
      const { key } = await createManagementKey({ name: name.trim(), expires_at: expires_at || null });
      setSecret(key);
      await queries.invalidateQueries({ queryKey: managementKeysQuery.queryKey });
    },
  });
  if (secret !== null) {
    return (
      <Dialog
        isOpen
        title="Your new management key"
        footer={<Button onClick={onClose}>I have saved it</Button>}
      >
        <Alert tone="warning">
          This is the only time that the whole key is shown. Whoever has it makes keys that spend on your
          account.
        </Alert>
        <SecretReveal label="Secret key" secret={secret} />
        <CodeBlock
          label="Example request"
          code={`curl ${location.origin}/api/v1/keys \\\n  -H "Authorization: Bearer $OPENROUTER_MANAGEMENT_KEY"`}
        />
      </Dialog>
    );
  }
  return (
    <FormDialog title="Create a management key" submitLabel="Create key" form={form} onClose={onClose}>
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        placeholder="Terraform"
        maxLength={200}
        error={form.errors.name}
      />
      <ExpiryFields error={form.errors.expires_at} />
    </FormDialog>
  );
}
