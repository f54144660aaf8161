/** Apps that are registered here, with their client ids and secrets. */
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { App } from '../../../src/oauth/answers.ts';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PlusIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { appsQuery } from './api/list-apps.ts';
import { type AppAction, AppItem } from './app-item.tsx';
import { DeleteAppDialog } from './delete-app-dialog.tsx';
import { EditAppDialog } from './edit-app-dialog.tsx';
import { EndpointsCard } from './endpoints-card.tsx';
import { NewSecretDialog } from './new-secret-dialog.tsx';
import { RegisterAppDialog } from './register-app-dialog.tsx';

const TITLE = 'Registered apps';

export function AppsPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <Apps />
    </RoleGate>
  );
}

type Asked = { action: 'register' } | { action: AppAction; app: App };

function Apps() {
  const apps = useQuery(appsQuery);
  const [asked, setAsked] = useState<Asked | null>(null);
  const registerButton = (
    <Button icon={<PlusIcon />} onClick={() => setAsked({ action: 'register' })}>
      Register app
    </Button>
  );
  const hasApps = apps.data !== undefined && apps.data.length > 0;
  return (
    <>
      <PageTitle
        title={TITLE}
        description="Programs that may ask people for a key of their own, by OAuth 2.0. Nobody has to paste a key, and each app’s keys have the limit that their owner set."
        actions={hasApps ? registerButton : undefined}
      />
      <div className="grid gap-5">
        <Card title="OAuth clients">
          {apps.isError && (
            <LoadError
              title="The apps could not be loaded"
              error={apps.error}
              onRetry={() => void apps.refetch()}
            />
          )}
          {apps.isPending && <Loading label="Loading apps" />}
          {apps.data?.length === 0 && <NoAppsYet action={registerButton} />}
          {hasApps && (
            <ul aria-label="Apps" className="divide-y divide-border">
              {apps.data.map((app) => (
                <AppItem key={app.id} app={app} onAct={(action) => setAsked({ action, app })} />
              ))}
            </ul>
          )}
        </Card>
        <EndpointsCard />
      </div>
      {asked !== null && <AskedDialog asked={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function NoAppsYet({ action }: { action: ReactNode }) {
  return (
    <EmptyState title="No apps yet" action={action}>
      Register an app that has a server or uses a standard OAuth library. One that uses OpenRouter’s PKCE flow
      needs no registration.
    </EmptyState>
  );
}

function AskedDialog({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  switch (asked.action) {
    case 'register':
      return <RegisterAppDialog onClose={onClose} />;
    case 'edit':
      return <EditAppDialog app={asked.app} onClose={onClose} />;
    case 'new-secret':
      return <NewSecretDialog app={asked.app} onClose={onClose} />;
    case 'delete':
      return <DeleteAppDialog app={asked.app} onClose={onClose} />;
  }
}
