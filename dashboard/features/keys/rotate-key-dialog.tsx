/** Gives a key another secret, shown this once; the old one goes on working for as long as is chosen here. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { PageKey } from '../../../src/keys/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { SecretReveal } from '../../shared/components/secret-reveal.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { optional, useForm } from '../../shared/forms/use-form.ts';
import { rotateKey } from './api/rotate-key.ts';
import { displayName } from './api-key.ts';

const OVERLAPS = [
  { value: '0', label: 'Not at all: it has leaked' },
  { value: '3600', label: 'For an hour' },
  { value: '86400', label: 'For a day' },
  { value: '604800', label: 'For a week' },
];

interface Rotated {
  readonly secret: string;
  readonly hash: string;
  readonly overlap: string;
}

/** Show it only while it is open. `onRotated`: what the key is called by from now on. */
export function RotateKeyDialog({
  apiKey,
  onClose,
  onRotated,
}: {
  apiKey: PageKey;
  onClose: () => void;
  onRotated: (hash: string) => void;
}) {
  // Nowhere else: what a query cache holds outlives the dialog.
  const [rotated, setRotated] = useState<Rotated | null>(null);
  if (rotated === null) return <OverlapForm apiKey={apiKey} onClose={onClose} onRotated={setRotated} />;
  return <NewSecret {...rotated} onSaved={() => onRotated(rotated.hash)} />;
}

function OverlapForm({
  apiKey,
  onClose,
  onRotated,
}: {
  apiKey: PageKey;
  onClose: () => void;
  onRotated: (rotated: Rotated) => void;
}) {
  const form = useForm<'overlap'>({
    rules: { overlap: optional },
    submit: async ({ overlap }) => {
      const { key: secret, hash } = await rotateKey(apiKey.hash, Number(overlap));
      onRotated({ secret, hash, overlap });
    },
  });
  return (
    <FormDialog title="Rotate this key" submitLabel="Rotate key" form={form} onClose={onClose}>
      <p>
        <strong>
          <Untrusted>{displayName(apiKey)}</Untrusted>
        </strong>{' '}
        gets another secret. Its name, limit, usage and guardrails stay, and so do its requests in the logs.
      </p>
      <SelectField
        label="The old secret goes on working"
        name="overlap"
        options={OVERLAPS}
        defaultValue="3600"
        hint="Long enough to put the new one wherever the old one is. A secret of an earlier rotation ends with it."
      />
    </FormDialog>
  );
}

/** Without a cross, and deaf to Escape: closed by accident, the secret would be lost. */
function NewSecret({ secret, overlap, onSaved }: Rotated & { onSaved: () => void }) {
  const queries = useQueryClient();
  const close = () => {
    onSaved();
    void queries.invalidateQueries({ queryKey: ['keys'] });
  };
  const words = OVERLAPS.find(({ value }) => value === overlap)?.label.toLowerCase();
  return (
    <Dialog isOpen title="The new secret" footer={<Button onClick={close}>I have saved it</Button>}>
      <Alert tone="warning">
        This is the only time that it is shown whole.{' '}
        {overlap === '0'
          ? 'The old secret is refused from now on.'
          : `The old secret goes on working ${words}.`}
      </Alert>
      <SecretReveal label="Secret key" secret={secret} />
    </Dialog>
  );
}
