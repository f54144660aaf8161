/** Adds an issuer, or changes one. */
import { useQueryClient } from '@tanstack/react-query';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeIssuer } from './api/change-issuer.ts';
import { createIssuer } from './api/create-issuer.ts';
import { issuersQuery } from './api/list-issuers.ts';
import { ISSUER_GATEWAY_FIELDS, ISSUER_RULES, IssuerFormFields, issuerFieldsOf } from './issuer-fields.tsx';
import type { Issuer } from './trust.ts';

/** Show it only while it is open. Without an `issuer` it adds one. */
export function IssuerDialog({ issuer, onClose }: { issuer?: Issuer; onClose: () => void }) {
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: ISSUER_RULES,
    gatewayFields: ISSUER_GATEWAY_FIELDS,
    submit: async (values) => {
      const fields = issuerFieldsOf(values);
      const saved = await (issuer === undefined ? createIssuer(fields) : changeIssuer(issuer.id, fields));
      await queries.invalidateQueries({ queryKey: issuersQuery.queryKey });
      onClose();
      toast(`${plainName(saved.name)} is ${issuer === undefined ? 'added' : 'changed'}`);
    },
  });
  return (
    <FormDialog
      title={issuer === undefined ? 'Add an issuer' : 'Edit issuer'}
      submitLabel={issuer === undefined ? 'Add issuer' : 'Save'}
      form={form}
      onClose={onClose}
    >
      <IssuerFormFields issuer={issuer} errors={form.errors} />
    </FormDialog>
  );
}
