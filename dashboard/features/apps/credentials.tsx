/** What an app needs to know of itself. The secret is shown this once. */
import type { AppWithSecret } from '../../../src/oauth/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { SecretReveal } from '../../shared/components/secret-reveal.tsx';

/** With a secret there is no cross, and Escape does nothing: closed by accident, it would be lost. */
export function CredentialsDialog({
  title,
  app,
  onClose,
}: {
  title: string;
  app: AppWithSecret;
  onClose: () => void;
}) {
  const { client_secret: secret } = app;
  return (
    <Dialog
      isOpen
      title={title}
      {...(secret === null ? { onClose } : {})}
      footer={<Button onClick={onClose}>{secret === null ? 'Done' : 'I have saved it'}</Button>}
    >
      {secret === null ? (
        <p>
          This app has no secret: it shows who it is with its client id, and with an S256 code challenge
          (PKCE), without which it gets no code.
        </p>
      ) : (
        <Alert tone="warning">
          This is the only time that the secret is shown. Save it where your app’s other secrets are: whoever
          has it can pass for your app.
        </Alert>
      )}
      <div className="grid gap-1">
        <p className="font-medium">Client id</p>
        <CopyableText text={app.client_id} label="client id" />
      </div>
      {secret !== null && (
        <div className="grid gap-1.5">
          <p className="font-medium">Client secret</p>
          <SecretReveal label="Client secret" secret={secret} />
        </div>
      )}
    </Dialog>
  );
}
