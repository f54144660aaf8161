/** What is left to spend, what came and went, and how to get more. */
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { CreditOverview } from '../../../src/billing/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { AlertsCard } from './alerts-card.tsx';
import { creditsQuery } from './api/credits.ts';
import { BalanceCard } from './balance-card.tsx';
import { BuyDialog } from './buy-dialog.tsx';
import { LinesCard } from './lines-card.tsx';
import { PurchasesCard } from './purchases-card.tsx';
import { Returned } from './returned.tsx';
import { TopUpCard } from './top-up-card.tsx';

const TITLE = 'Credits';

export function CreditsPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <Credits />
    </RoleGate>
  );
}

function Credits() {
  const { purchase, cancelled } = useSearch({ strict: false }) as { purchase?: string; cancelled?: string };
  const credits = useQuery(creditsQuery);
  const [isBuying, setBuying] = useState(false);
  const isOpen = credits.data?.closed_because === null;
  return (
    <>
      <PageTitle
        title={TITLE}
        description="The organisation’s balance: every workspace and key spends from it."
        actions={isOpen ? <Button onClick={() => setBuying(true)}>Buy credits</Button> : undefined}
      />
      <div className="grid max-w-4xl grid-cols-1 gap-5">
        {purchase !== undefined && <Returned id={purchase} />}
        {cancelled !== undefined && <Alert tone="info">You left the payment: nothing was charged.</Alert>}
        {credits.isError && (
          <Card>
            <LoadError
              title="Credits could not be loaded"
              error={credits.error}
              onRetry={() => void credits.refetch()}
            />
          </Card>
        )}
        {credits.isPending && (
          <Card>
            <Loading label="Loading credits" />
          </Card>
        )}
        {credits.data !== undefined && <Parts credits={credits.data} />}
      </div>
      {isBuying && credits.data !== undefined && (
        <BuyDialog credits={credits.data} onClose={() => setBuying(false)} />
      )}
    </>
  );
}

function Parts({ credits }: { credits: CreditOverview }) {
  const { mode, closed_because, alert_percents } = credits;
  return (
    <>
      <BalanceCard credits={credits} />
      {closed_because === null && <TopUpCard key={String(credits.top_up.enabled)} credits={credits} />}
      {mode === 'prepaid' && <AlertsCard percents={alert_percents} />}
      <LinesCard />
      {closed_because !== 'off' && <PurchasesCard />}
    </>
  );
}
