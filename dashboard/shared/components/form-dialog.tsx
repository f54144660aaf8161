/** A form over the page: one button sends it, and while it is sent nothing closes it. */
import { type ReactNode, useId } from 'react';
import type { Form } from '../forms/use-form.ts';
import { Alert } from './alert.tsx';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

/** Show it only while it is open: it starts from what its fields are given then. */
export function FormDialog({
  title,
  submitLabel,
  form,
  onClose,
  children,
}: {
  title: string;
  submitLabel: string;
  form: Pick<Form<string>, 'error' | 'isSending' | 'onSubmit'>;
  onClose: () => void;
  /** The fields. */
  children: ReactNode;
}) {
  const formId = useId();
  return (
    <Dialog
      isOpen
      title={title}
      onClose={() => !form.isSending && onClose()}
      footer={
        <>
          <Button variant="secondary" onClick={onClose} disabled={form.isSending}>
            Cancel
          </Button>
          <Button type="submit" form={formId} isBusy={form.isSending}>
            {submitLabel}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={form.onSubmit} className="grid gap-4">
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        {children}
      </form>
    </Dialog>
  );
}
