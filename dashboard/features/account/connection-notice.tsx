/** Tells whoever comes back from a provider what came of it, once. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { useSessionState } from '../../shared/session/session-query.ts';
import { signInMethodsQuery } from './api/list-sign-in-methods.ts';
import { ACCOUNT_PAGE, connectionOutcomeOf } from './connection-outcome.ts';
import { providerName } from './provider-name.ts';

export function ConnectionNotice() {
  const [{ connected, problem }] = useState(() => connectionOutcomeOf(location.search));
  const { providers } = useSessionState().sign_in;
  const methods = useQuery({ ...signInMethodsQuery, enabled: connected !== null });
  const navigate = useNavigate();
  const toast = useToast();
  // Anybody can make a link that says so.
  const isTrue = methods.data?.some(({ providerId }) => providerId === connected) === true;
  useEffect(() => {
    if (connected === null && problem === null) return;
    // Or it would be told again to whoever reloads the page.
    void navigate({ to: ACCOUNT_PAGE, replace: true });
  }, [connected, problem, navigate]);
  useEffect(() => {
    if (connected !== null && isTrue) toast(`${providerName(connected, providers)} is connected`);
  }, [connected, isTrue, providers, toast]);
  if (problem === null) return null;
  return (
    <Alert tone="danger" title="The account was not connected">
      {problem}
    </Alert>
  );
}
