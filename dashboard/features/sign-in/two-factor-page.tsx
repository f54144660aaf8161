/** The second step: a code of the authenticator app, or one of the recovery codes. */
import { useState } from 'react';
import { ApiError } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { Button } from '../../shared/components/button.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { TextButton, TextLink } from '../../shared/components/text-link.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { keepingReturnTo, leaveFor, returnToOf } from '../../shared/session/return-to.ts';
import { verifyRecoveryCode, verifyTotp } from './api/verify-second-factor.ts';

export function TwoFactorPage() {
  const [isRecovery, setRecovery] = useState(false);
  return (
    <AuthLayout
      title="Two-factor authentication"
      description={
        isRecovery
          ? 'Enter one of the recovery codes you kept. Each works once.'
          : 'Enter the code that your authenticator app shows.'
      }
      footer={<TextLink to={keepingReturnTo('/sign-in', location.search)}>Start over</TextLink>}
    >
      {isRecovery ? (
        <CodeForm
          key="recovery"
          label="Recovery code"
          problem={(code) => (code === '' ? 'Enter a recovery code' : null)}
          verify={verifyRecoveryCode}
        />
      ) : (
        <CodeForm
          key="totp"
          label="Code"
          isNumeric
          problem={(code) => (/^\d{6}$/.test(code) ? null : 'Enter the 6 digits')}
          verify={verifyTotp}
        />
      )}
      <div className="-my-1 text-center">
        <TextButton onClick={() => setRecovery(!isRecovery)}>
          {isRecovery ? 'Use the authenticator app' : 'Use a recovery code'}
        </TextButton>
      </div>
    </AuthLayout>
  );
}

function CodeForm({
  label,
  isNumeric = false,
  problem,
  verify,
}: {
  label: string;
  isNumeric?: boolean;
  problem: (code: string) => string | null;
  verify: (code: string) => Promise<void>;
}) {
  const clean = (code: string) => code.replaceAll(/\s/g, '');
  const form = useForm({
    rules: { code: (code) => problem(clean(code)) },
    submit: async ({ code }) => {
      await verify(clean(code)).catch((error: unknown) => {
        throw explained(error);
      });
      leaveFor(returnToOf(location.search));
    },
  });
  return (
    <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <TextField
        label={label}
        name="code"
        autoFocus
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        {...(isNumeric ? { inputMode: 'numeric' as const } : {})}
        inputClassName="text-center font-mono text-lg tracking-widest"
        error={form.errors.code}
      />
      <Button type="submit" isBusy={form.isSending}>
        Continue
      </Button>
    </form>
  );
}

/** The first step is remembered for a few minutes only. */
function explained(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.status !== 401) return error;
  const text = error.code.startsWith('INVALID_')
    ? error.code === 'INVALID_TWO_FACTOR_COOKIE'
      ? 'This took too long. Start over with your password.'
      : 'This code is not right, or was used already.'
    : error.message;
  return new ApiError(text, error.status, error.code);
}
