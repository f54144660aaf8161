/** How one signs in beside passkeys: the password, and accounts at providers, to connect and disconnect. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { SignInMethod } from '../../../src/accounts/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { KeyIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDate } from '../../shared/format/time.ts';
import { type SignInProvider, useSession, useSessionState } from '../../shared/session/session-query.ts';
import { ProviderLogo } from '../../shared/sign-in/provider-logo.tsx';
import { connectProvider } from './api/connect-provider.ts';
import { disconnectProvider } from './api/disconnect-provider.ts';
import { signInMethodsQuery } from './api/list-sign-in-methods.ts';
import { providerName } from './provider-name.ts';

export function SignInMethodsCard() {
  const { providers } = useSessionState().sign_in;
  const methods = useQuery(signInMethodsQuery);
  // Where there are no providers, the card of the password says all there is to say.
  if (providers.length === 0 && !methods.isError && (methods.data ?? []).length === 0) return null;
  return (
    <Card
      title="Sign-in methods"
      description="How you sign in besides passkeys. A provider asks for neither your password here nor a code."
    >
      {methods.isPending && <Loading />}
      {methods.isError && (
        <LoadError
          title="The sign-in methods could not be loaded"
          error={methods.error}
          onRetry={() => void methods.refetch()}
        />
      )}
      {methods.isSuccess && <Methods methods={methods.data} providers={providers} />}
    </Card>
  );
}

function Methods({
  methods,
  providers,
}: {
  methods: readonly SignInMethod[];
  providers: readonly SignInProvider[];
}) {
  const { has_password } = useSession().user;
  const [disconnecting, setDisconnecting] = useState<SignInMethod | null>(null);
  const connecting = useMutation({ mutationFn: connectProvider });
  const isOffered = (id: string) => providers.some((provider) => provider.id === id);
  const unconnected = providers.filter(({ id }) => !methods.some(({ providerId }) => providerId === id));
  return (
    <>
      {connecting.isError && (
        <div className="mb-3">
          <Alert tone="danger">{messageOf(connecting.error)}</Alert>
        </div>
      )}
      <ul className="divide-y divide-border">
        <Row icon={<KeyIcon />} name="Password" detail={has_password ? 'Set' : 'Not set'} />
        {methods.map((method) => (
          <Row
            key={method.id}
            icon={<ProviderLogo provider={method.providerId} />}
            name={providerName(method.providerId, providers)}
            badge={!isOffered(method.providerId) && <Badge tone="warning">No longer offered here</Badge>}
            detail={sinceOf(method)}
            reason={method.isLast ? LAST : undefined}
          >
            {!method.isLast && (
              <Button
                variant="secondary"
                aria-label={`Disconnect ${providerName(method.providerId, providers)}`}
                onClick={() => setDisconnecting(method)}
              >
                Disconnect
              </Button>
            )}
          </Row>
        ))}
        {unconnected.map(({ id, name }) => (
          <Row key={id} icon={<ProviderLogo provider={id} />} name={name} detail="Not connected">
            <Button
              variant="secondary"
              aria-label={`Connect ${name}`}
              isBusy={connecting.isPending && connecting.variables === id}
              onClick={() => connecting.mutate(id)}
            >
              Connect
            </Button>
          </Row>
        ))}
      </ul>
      {disconnecting !== null && (
        <DisconnectDialog
          method={disconnecting}
          name={providerName(disconnecting.providerId, providers)}
          onClose={() => setDisconnecting(null)}
        />
      )}
    </>
  );
}

const LAST = 'Nothing else would let you in. Set a password or add another way before you disconnect it.';

const sinceOf = ({ createdAt }: SignInMethod): string =>
  createdAt === null ? 'Connected' : `Connected on ${formatDate(createdAt)}`;

function Row({
  icon,
  name,
  badge,
  detail,
  reason,
  children,
}: {
  icon: ReactNode;
  name: string;
  badge?: ReactNode;
  detail: string;
  /** Why there is no button. */
  reason?: string | undefined;
  /** A button. */
  children?: ReactNode;
}) {
  return (
    <li className="flex items-center gap-3 py-2.5 first:pt-0 last:pb-0">
      <span className="text-muted">{icon}</span>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <Untrusted>{name}</Untrusted>
          {badge}
        </p>
        <p className="text-muted">{detail}</p>
        {reason !== undefined && <p>{reason}</p>}
      </div>
      {children}
    </li>
  );
}

function DisconnectDialog({
  method,
  name,
  onClose,
}: {
  method: SignInMethod;
  name: string;
  onClose: () => void;
}) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const disconnection = useMutation({
    mutationFn: disconnectProvider,
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: signInMethodsQuery.queryKey });
      onClose();
      toast(`${name} is disconnected`);
    },
  });
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Disconnect ${name}?`}
      confirmLabel="Disconnect"
      isBusy={disconnection.isPending}
      onConfirm={() => disconnection.mutate(method.id)}
    >
      {disconnection.isError && <Alert tone="danger">{messageOf(disconnection.error)}</Alert>}
      <p className="text-muted">You can no longer sign in with it. Your account there stays as it is.</p>
    </ConfirmDialog>
  );
}
