/** Makes a policy, or changes one. */
import { useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { changePolicy } from './api/change-policy.ts';
import { createPolicy } from './api/create-policy.ts';
import { policiesQuery } from './api/list-policies.ts';
import { NoTargetKeysDialog } from './no-target-keys-dialog.tsx';
import { POLICY_GATEWAY_FIELDS, POLICY_RULES, PolicyFormFields, policyFieldsOf } from './policy-fields.tsx';
import type { Issuer, Policy, TargetKey } from './trust.ts';

interface PolicyDialogProps {
  /** Without one, a new policy is made. */
  policy?: Policy;
  issuers: readonly Issuer[];
  targetKeys: readonly TargetKey[];
  onSaved: (policy: Policy) => void;
  onClose: () => void;
}

/** Show it only while it is open. */
export function PolicyDialog(props: PolicyDialogProps) {
  return props.targetKeys.length === 0 ? (
    <NoTargetKeysDialog onClose={props.onClose} />
  ) : (
    <PolicyForm {...props} />
  );
}

function PolicyForm({ policy, issuers, targetKeys, onSaved, onClose }: PolicyDialogProps) {
  const formId = useId();
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: POLICY_RULES,
    gatewayFields: POLICY_GATEWAY_FIELDS,
    submit: async (values) => {
      const fields = policyFieldsOf(values);
      const saved = await (policy === undefined ? createPolicy(fields) : changePolicy(policy.id, fields));
      await queries.invalidateQueries({ queryKey: policiesQuery.queryKey });
      onSaved(saved);
      toast(`${plainName(saved.name)} is ${policy === undefined ? 'added' : 'changed'}`);
    },
  });
  return (
    <Dialog
      isOpen
      title={policy === undefined ? 'Add a policy' : 'Edit policy'}
      onClose={() => !form.isSending && onClose()}
      footer={
        <>
          <Button variant="secondary" onClick={onClose} disabled={form.isSending}>
            Cancel
          </Button>
          <Button type="submit" form={formId} isBusy={form.isSending}>
            {policy === undefined ? 'Add policy' : 'Save'}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={form.onSubmit} className="grid gap-4">
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <PolicyFormFields policy={policy} issuers={issuers} targetKeys={targetKeys} errors={form.errors} />
      </form>
    </Dialog>
  );
}
