/** `/auth`: an app asks for a key. The answer is a form that the browser itself sends, and that leads back to the app. */
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { ApiError } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { Button } from '../../shared/components/button.tsx';
import { FailedPage } from '../../shared/components/failed-page.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { plainAmount } from '../../shared/forms/amount.ts';
import { check, valuesOf } from '../../shared/forms/use-form.ts';
import { leaveFor, signInPath } from '../../shared/session/return-to.ts';
import { type Session, useSessionState } from '../../shared/session/session-query.ts';
import { SignedInAs } from '../../shared/session/signed-in-as.tsx';
import { consentQuery } from './api/read-consent.ts';
import { type KeyFieldName, KeyFields, keyRules } from './key-fields.tsx';
import { isOfEditor, type Proposal, REQUEST_FIELDS } from './proposal.ts';
import { WhatItMay, WhoAsks } from './who-asks.tsx';

const TITLE = 'An app asks for a key';
/** Time enough for a browser to ask whether it may open the editor. */
const EDITOR_OPENS_WITHIN_MS = 1500;

export function ConsentPage() {
  const { session } = useSessionState();
  const consent = useQuery({ ...consentQuery(location.search), enabled: session !== null });
  const mustSignIn =
    session === null || (consent.error instanceof ApiError && consent.error.code === 'not_signed_in');
  useEffect(() => {
    if (mustSignIn) leaveFor(signInPath());
  }, [mustSignIn]);
  if (mustSignIn || consent.isPending) {
    return (
      <AuthLayout title={TITLE}>
        <Loading />
      </AuthLayout>
    );
  }
  if (consent.isError) {
    return (
      <FailedPage
        title="This request cannot be answered"
        query={consent}
        footer={<SignedInAs session={session} />}
      />
    );
  }
  return (
    <AuthLayout title={TITLE} footer={<SignedInAs session={session} />}>
      <WhoAsks proposal={consent.data} />
      <WhatItMay account={consent.data.account} />
      <ConsentForm proposal={consent.data} session={session} />
    </AuthLayout>
  );
}

function ConsentForm({ proposal, session }: { proposal: Proposal; session: Session }) {
  const [errors, setErrors] = useState<Partial<Record<KeyFieldName, string>>>({});
  const [sent, setSent] = useState<string | null>(null);
  const [isWithEditor, setWithEditor] = useState(false);
  // Whoever comes back with the browser's own button finds the form as it was left: usable.
  useEffect(() => {
    const back = () => setSent(null);
    addEventListener('pageshow', back);
    return () => removeEventListener('pageshow', back);
  }, []);

  function leaveToEditor(): void {
    setWithEditor(true);
    setSent(null);
  }

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    if (sent !== null) return event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    const decision = submitter instanceof HTMLButtonElement ? submitter.value : 'deny';
    if (decision === 'approve') {
      const found = check(valuesOf(event.currentTarget, keyRules), keyRules);
      setErrors(found);
      if (Object.keys(found).length > 0) return event.preventDefault();
      // The browser sends the fields as they stand.
      const limit = event.currentTarget.elements.namedItem('limit');
      if (limit instanceof HTMLInputElement) limit.value = plainAmount(limit.value);
    }
    setSent(decision);
    if (isOfEditor(proposal)) setTimeout(leaveToEditor, EDITOR_OPENS_WITHIN_MS);
  }

  return (
    <form method="post" action="/auth/consent" noValidate className="grid gap-4" onSubmit={onSubmit}>
      {requestFields(location.search).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <input type="hidden" name="csrf_token" value={session.csrf_token} />
      <input type="hidden" name="consent_id" value={proposal.consent_id ?? ''} />
      {/* Enter in a field presses the first button of a form, which is not the first that is seen. */}
      <button type="submit" name="decision" value="approve" hidden tabIndex={-1} />
      <KeyFields proposal={proposal} errors={errors} />
      {isWithEditor && (
        <Alert>
          Go on in your editor. If it did not open, answer once more; else you can close this page.
        </Alert>
      )}
      <div className="mt-1 grid gap-2 sm:grid-cols-2">
        <Button type="submit" name="decision" value="deny" variant="secondary" isBusy={sent === 'deny'}>
          Deny
        </Button>
        <Button type="submit" name="decision" value="approve" isBusy={sent === 'approve'}>
          Approve
        </Button>
      </div>
    </form>
  );
}

function requestFields(search: string): [name: string, value: string][] {
  const query = new URLSearchParams(search);
  return REQUEST_FIELDS.flatMap((name) => query.getAll(name).map((value): [string, string] => [name, value]));
}
