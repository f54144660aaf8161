/** Makes a policy, or changes one. */
import { useQueryClient } from '@tanstack/react-query';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
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
    <FormDialog
      title={policy === undefined ? 'Add a policy' : 'Edit policy'}
      submitLabel={policy === undefined ? 'Add policy' : 'Save'}
      form={form}
      onClose={onClose}
    >
      <PolicyFormFields policy={policy} issuers={issuers} targetKeys={targetKeys} errors={form.errors} />
    </FormDialog>
  );
}
