/** Registers an app, and shows what it needs to know of itself. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AppWithSecret } from '../../../src/oauth/answers.ts';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { RadioField } from '../../shared/components/radio-field.tsx';
import { optional, useForm } from '../../shared/forms/use-form.ts';
import { appsQuery } from './api/list-apps.ts';
import { registerApp } from './api/register-app.ts';
import { APP_FIELDS, APP_RULES, type AppField, AppFields, appFieldsOf } from './app-fields.tsx';
import { CredentialsDialog } from './credentials.tsx';

const KINDS = [
  {
    value: 'confidential',
    label: 'It has a server',
    hint: 'A confidential client: it gets a secret, which stays on that server.',
  },
  {
    value: 'public',
    label: 'It runs on its user’s machine or in a browser',
    hint: 'A public client: whatever it holds its users can read, so it gets no secret and must use PKCE.',
  },
];

/** Show it only while it is open. */
export function RegisterAppDialog({ onClose }: { onClose: () => void }) {
  // Nowhere else: what a query cache holds outlives the dialog.
  const [made, setMade] = useState<AppWithSecret | null>(null);
  if (made === null) return <RegisterForm onClose={onClose} onRegistered={setMade} />;
  return <CredentialsDialog title="The app is registered" app={made} onClose={onClose} />;
}

function RegisterForm({
  onClose,
  onRegistered,
}: {
  onClose: () => void;
  onRegistered: (app: AppWithSecret) => void;
}) {
  const queries = useQueryClient();
  const form = useForm<AppField | 'kind'>({
    rules: { ...APP_RULES, kind: optional },
    gatewayFields: APP_FIELDS,
    submit: async (values) => {
      onRegistered(await registerApp({ ...appFieldsOf(values), is_public: values.kind === 'public' }));
      await queries.invalidateQueries({ queryKey: appsQuery.queryKey });
    },
  });
  return (
    <FormDialog title="Register an app" submitLabel="Register app" form={form} onClose={onClose}>
      <AppFields errors={form.errors} />
      <RadioField legend="Kind" name="kind" options={KINDS} defaultValue="confidential" />
    </FormDialog>
  );
}
