/** `/device`: a program without a browser shows a code, which its user types here, and then decides. */
import { useEffect, useState } from 'react';
import { ApiError } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { Button } from '../../shared/components/button.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextButton, TextLink } from '../../shared/components/text-link.tsx';
import { plainAmount } from '../../shared/forms/amount.ts';
import { useForm } from '../../shared/forms/use-form.ts';
import { leaveFor, signInPath } from '../../shared/session/return-to.ts';
import { type Session, useSessionState } from '../../shared/session/session-query.ts';
import { SignedInAs } from '../../shared/session/signed-in-as.tsx';
import { decideDevice } from './api/decide-device.ts';
import { readDevice } from './api/read-device.ts';
import { type KeyFieldName, KeyFields, keyRules } from './key-fields.tsx';
import type { Proposal } from './proposal.ts';
import { WhatItMay, WhoAsks } from './who-asks.tsx';

interface Asked {
  readonly userCode: string;
  readonly proposal: Proposal;
}

export function DevicePage() {
  const { session } = useSessionState();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [decision, setDecision] = useState<'approve' | 'deny' | null>(null);
  useEffect(() => {
    if (session === null) leaveFor(signInPath());
  }, [session]);
  if (session === null) {
    return (
      <AuthLayout title="Connect a device">
        <Loading />
      </AuthLayout>
    );
  }
  if (decision !== null) {
    return (
      <AuthLayout
        title={decision === 'approve' ? 'The device is connected' : 'The device gets no key'}
        description={
          decision === 'approve'
            ? 'It will have its key in a moment. You can close this page.'
            : 'You denied the request. You can close this page.'
        }
        footer={<TextLink to="/keys">Go to your keys</TextLink>}
      />
    );
  }
  return asked === null ? (
    <EnterCode session={session} onFound={setAsked} />
  ) : (
    <Decide session={session} asked={asked} onBack={() => setAsked(null)} onDecided={setDecision} />
  );
}

/** A link may bring the code along; whoever follows it must still see that it is the one on their device (RFC 8628, 3.3.1). */
function EnterCode({ session, onFound }: { session: Session; onFound: (asked: Asked) => void }) {
  const given = new URLSearchParams(location.search).get('user_code') ?? '';
  const form = useForm({
    rules: {
      user_code: (code) =>
        /^[A-Za-z]{8}$/.test(code.replaceAll(/[\s\p{Pd}]/gu, ''))
          ? null
          : 'Enter the 8 letters that the device shows',
    },
    submit: async ({ user_code }) => {
      try {
        onFound({ userCode: user_code, proposal: await readDevice(user_code) });
      } catch (error) {
        if (error instanceof ApiError && error.code === 'not_signed_in') return leaveFor(signInPath());
        throw error;
      }
    },
  });
  return (
    <AuthLayout
      title="Connect a device"
      description="Enter the code that the device or program shows you."
      footer={<SignedInAs session={session} />}
    >
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        <TextField
          label="Code"
          name="user_code"
          defaultValue={given.slice(0, 20)}
          placeholder="XXXX-XXXX"
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={20}
          autoFocus
          inputClassName="text-center font-mono text-lg tracking-widest uppercase"
          error={form.errors.user_code}
          {...(given === '' ? {} : { hint: 'Continue only if your device shows this very code.' })}
        />
        <Button type="submit" isBusy={form.isSending}>
          Continue
        </Button>
      </form>
    </AuthLayout>
  );
}

function Decide({
  session,
  asked: { userCode, proposal },
  onBack,
  onDecided,
}: {
  session: Session;
  asked: Asked;
  onBack: () => void;
  onDecided: (decision: 'approve' | 'deny') => void;
}) {
  const approval = useForm<KeyFieldName | 'usage_limit_type' | 'workspace_id'>({
    rules: { ...keyRules, usage_limit_type: () => null, workspace_id: () => null },
    submit: async ({ expiry_choice: _choice, limit, ...choice }) => {
      await decideDevice({ ...choice, limit: plainAmount(limit), user_code: userCode, decision: 'approve' });
      onDecided('approve');
    },
  });
  const refusal = useForm({
    rules: {},
    submit: async () => {
      await decideDevice({ user_code: userCode, decision: 'deny' });
      onDecided('deny');
    },
  });
  const error = approval.error ?? refusal.error;
  return (
    <AuthLayout title="A device asks for a key" footer={<SignedInAs session={session} />}>
      <WhoAsks proposal={proposal} />
      <WhatItMay account={proposal.account} />
      {error !== null && <Alert tone="danger">{error}</Alert>}
      <form id="approval" noValidate className="grid gap-4" onSubmit={approval.onSubmit}>
        <KeyFields proposal={proposal} errors={approval.errors} />
      </form>
      <form hidden id="refusal" onSubmit={refusal.onSubmit} />
      <div className="mt-1 grid gap-2 sm:grid-cols-2">
        <Button type="submit" form="refusal" variant="secondary" isBusy={refusal.isSending}>
          Deny
        </Button>
        <Button type="submit" form="approval" isBusy={approval.isSending}>
          Approve
        </Button>
      </div>
      <div className="-my-1 text-center">
        <TextButton onClick={onBack}>Enter another code</TextButton>
      </div>
    </AuthLayout>
  );
}
