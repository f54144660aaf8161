/** What is left, and how far it is from what there was. */
import type { CreditOverview } from '../../../src/billing/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Card } from '../../shared/components/card.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { Meter } from '../../shared/components/meter.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { formatUsd, formatUsdExactly } from '../../shared/format/money.ts';

const NEARLY = 80;

export function BalanceCard({ credits }: { credits: CreditOverview }) {
  const { mode, balance_usd, spent_percent } = credits;
  return (
    <Card>
      <div className="grid gap-4">
        <Notice credits={credits} />
        <div>
          <p className="text-muted">{mode === 'off' ? 'Spent in all' : 'Balance'}</p>
          <p
            className="text-3xl font-semibold tabular-nums"
            title={formatUsdExactly(mode === 'off' ? credits.spent_usd : balance_usd)}
          >
            {formatUsd(mode === 'off' ? credits.spent_usd : balance_usd)}
          </p>
        </div>
        {mode === 'prepaid' && spent_percent !== null && (
          <div className="grid gap-1.5">
            <Meter
              share={spent_percent / 100}
              tone={spent_percent >= 100 ? 'danger' : spent_percent >= NEARLY ? 'warning' : 'accent'}
            />
            <p className="text-muted">{Math.min(spent_percent, 100)} % spent since credits last came</p>
          </div>
        )}
        <Facts
          facts={[
            { label: 'Spent this month', value: formatUsd(credits.spent_this_month_usd) },
            { label: 'Spent in all', value: mode === 'off' ? null : formatUsd(credits.spent_usd) },
            {
              label: 'Credits so far',
              value: mode === 'off' && credits.credits_usd === 0 ? null : formatUsd(credits.credits_usd),
            },
            { label: 'By model, key and member', value: <TextLink to="/activity">Activity</TextLink> },
          ]}
        />
      </div>
    </Card>
  );
}

function Notice({
  credits: { mode, closed_because, balance_usd, spent_percent },
}: {
  credits: CreditOverview;
}) {
  if (mode === 'off')
    return (
      <Alert tone="info" title="There is nothing to buy">
        This gateway does not ask for credits: requests are served whatever was spent. Whoever runs it can
        change that with <code>billing.mode: prepaid</code>.
      </Alert>
    );
  if (balance_usd <= 0)
    return (
      <Alert tone="danger" title="Requests that cost something are refused">
        Credits are used up. They are served again as soon as there are some.
      </Alert>
    );
  if (spent_percent !== null && spent_percent >= NEARLY)
    return <Alert tone="warning">{spent_percent} % of the credits are spent.</Alert>;
  if (closed_because === 'no_provider')
    return (
      <Alert tone="info" title="Credits cannot be bought here">
        No payment provider is set up. Whoever runs this gateway gives credits with{' '}
        <code>turnpike credits grant</code>.
      </Alert>
    );
  return null;
}
