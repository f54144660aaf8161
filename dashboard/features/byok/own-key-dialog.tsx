/** Brings a key, or changes one. */
import { useQueryClient } from '@tanstack/react-query';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeOwnKey } from './api/change-own-key.ts';
import { createOwnKey } from './api/create-own-key.ts';
import { OWN_KEYS } from './api/list-own-keys.ts';
import { type OwnKey, type Provider, titleOf } from './own-key.ts';
import {
  changesOf,
  EVERY_WORKSPACE,
  OWN_KEY_GATEWAY_FIELDS,
  OwnKeyFields,
  rulesFor,
} from './own-key-fields.tsx';

/** Show it only while it is open. Without an `ownKey` it adds one. */
export function OwnKeyDialog({
  providers,
  ownKey,
  onClose,
}: {
  providers: readonly Provider[];
  ownKey?: OwnKey;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: rulesFor(ownKey),
    gatewayFields: OWN_KEY_GATEWAY_FIELDS,
    submit: async (values, element) => {
      const changes = changesOf(values, ownKey);
      const saved = await (ownKey === undefined
        ? createOwnKey({
            ...changes,
            ...{ provider: values.provider, key: values.key },
            ...(values.scope === ''
              ? {}
              : { workspace_id: values.scope === EVERY_WORKSPACE ? null : values.scope }),
          })
        : changeOwnKey(ownKey.id, changes));
      element.reset();
      await queries.invalidateQueries({ queryKey: OWN_KEYS });
      onClose();
      toast(`${plainName(titleOf(saved))} is ${ownKey === undefined ? 'added' : 'changed'}`);
    },
  });
  return (
    <FormDialog
      title={ownKey === undefined ? 'Add a provider key' : 'Edit provider key'}
      submitLabel={ownKey === undefined ? 'Add key' : 'Save'}
      form={form}
      onClose={onClose}
    >
      <OwnKeyFields providers={providers} ownKey={ownKey} errors={form.errors} />
    </FormDialog>
  );
}
