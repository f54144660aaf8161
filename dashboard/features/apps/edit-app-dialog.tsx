/** Changes an app's name, and where codes for it may go. */
import { useQueryClient } from '@tanstack/react-query';
import type { App } from '../../../src/oauth/answers.ts';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeApp } from './api/change-app.ts';
import { appsQuery } from './api/list-apps.ts';
import { APP_FIELDS, APP_RULES, AppFields, appFieldsOf } from './app-fields.tsx';

/** Show it only while it is open. */
export function EditAppDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: APP_RULES,
    gatewayFields: APP_FIELDS,
    submit: async (values) => {
      const changed = await changeApp(app.id, appFieldsOf(values));
      await queries.invalidateQueries({ queryKey: appsQuery.queryKey });
      onClose();
      toast(`${plainName(changed.name)} is changed`);
    },
  });
  return (
    <FormDialog title="Edit app" submitLabel="Save" form={form} onClose={onClose}>
      <AppFields app={app} errors={form.errors} />
    </FormDialog>
  );
}
