/** Changes an app's name, and where codes for it may go. */
import { useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeApp } from './api/change-app.ts';
import { appsQuery } from './api/list-apps.ts';
import type { App } from './app.ts';
import { APP_FIELDS, APP_RULES, AppFields, appFieldsOf } from './app-fields.tsx';

/** Show it only while it is open. */
export function EditAppDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const formId = useId();
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
    <Dialog
      isOpen
      title="Edit app"
      onClose={() => !form.isSending && onClose()}
      footer={
        <>
          <Button variant="secondary" onClick={onClose} disabled={form.isSending}>
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
        <AppFields app={app} errors={form.errors} />
      </form>
    </Dialog>
  );
}
