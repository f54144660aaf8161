/** One button for each provider that the operator has set up. */
import { useMutation } from '@tanstack/react-query';
import { messageOf } from '../api/request.ts';
import { Alert } from '../components/alert.tsx';
import { Button } from '../components/button.tsx';
import type { SignInProvider } from '../session/session-query.ts';
import { ProviderLogo } from './provider-logo.tsx';
import { startProviderSignIn } from './start-provider-sign-in.ts';

export function ProviderButtons({
  providers,
  returnTo,
  before,
}: {
  providers: readonly SignInProvider[];
  returnTo: string;
  /** Done first, such as putting an invitation into a cookie. */
  before?: () => Promise<unknown>;
}) {
  const start = useMutation({
    mutationFn: async ({ id }: SignInProvider) => {
      await before?.();
      await startProviderSignIn(id, returnTo);
    },
  });
  return (
    <div className="grid gap-2">
      {start.isError && <Alert tone="danger">{messageOf(start.error)}</Alert>}
      {providers.map((provider) => (
        <Button
          key={provider.id}
          variant="secondary"
          className="w-full"
          isBusy={start.isPending && start.variables.id === provider.id}
          icon={<ProviderLogo provider={provider.id} />}
          onClick={() => start.mutate(provider)}
        >
          Continue with {provider.name}
        </Button>
      ))}
    </div>
  );
}

/** Between ways of signing in. */
export function Or() {
  return (
    <div className="flex items-center gap-3 text-muted">
      <span className="h-px flex-1 bg-border" />
      or
      <span className="h-px flex-1 bg-border" />
    </div>
  );
}
