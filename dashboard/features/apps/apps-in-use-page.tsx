/** The apps that used this account: what they spent over time, which of them were let in by people, and cutting one off. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { METRICS } from '../../shared/analytics/metrics.ts';
import { PERIODS, periodLabel } from '../../shared/analytics/periods.ts';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { grantsQuery } from './api/grants.ts';
import { AppsFigures, OneApp } from './apps-figures.tsx';
import { type AppsSearch, appsSearchOf, SHOWN_METRICS } from './apps-search.ts';
import { GrantsCard } from './grants-card.tsx';

export function AppsInUsePage() {
  const session = useSession();
  const search = appsSearchOf(useSearch({ strict: false }) as Record<string, unknown>);
  const navigate = useNavigate();
  const grants = useQuery(grantsQuery);
  // Of the moment when the page was opened: a span that moves would be asked for anew with every look.
  const [nowMs] = useState(() => Date.now());
  const change = (changes: Record<string, string | undefined>) =>
    void navigate({
      to: '/apps' as '/',
      search: ((all: object) => ({ ...all, ...changes })) as never,
      replace: true,
      resetScroll: false,
    });
  return (
    <>
      <PageTitle
        title="Apps"
        description={
          <>
            What programs spent here, as they name themselves, and those that people gave a key of their own.
            {hasRole(session, 'admin') && (
              <>
                {' '}
                Apps of your own are registered <TextLink to="/settings/apps">in the settings</TextLink>.
              </>
            )}
          </>
        }
      />
      <div className="grid grid-cols-1 gap-4">
        <Choices search={search} onChange={change} />
        {search.app === null ? (
          <AppsFigures search={search} nowMs={nowMs} />
        ) : (
          <OneApp
            search={search}
            nowMs={nowMs}
            app={search.app}
            grant={grants.data?.find(({ id }) => id === search.app) ?? null}
            isPending={grants.isPending}
          />
        )}
        <GrantsCard grants={grants} search={search} nowMs={nowMs} />
      </div>
    </>
  );
}

function Choices({
  search,
  onChange,
}: {
  search: AppsSearch;
  onChange: (changes: Record<string, string | undefined>) => void;
}) {
  return (
    <div className="grid grid-cols-1 gap-3 sm:grid-cols-2 lg:max-w-xl">
      <SelectField
        label="Figure"
        value={search.metric}
        options={SHOWN_METRICS.map((name) => ({ value: name, label: METRICS[name].label }))}
        onChange={(event) => onChange({ metric: event.target.value })}
      />
      <SelectField
        label="Period"
        value={search.period}
        options={PERIODS.map((period) => ({ value: period, label: periodLabel(period) }))}
        onChange={(event) => onChange({ period: event.target.value })}
      />
    </div>
  );
}
