/** The operator's providers: whether each is well, which of its keys sit out and why, and what waits for it. */
import { useQuery } from '@tanstack/react-query';
import { Badge } from '../../shared/components/badge.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { type Credential, type Provider, providersQuery } from './api/get-providers.ts';
import { benchText, stateOf } from './provider-state.ts';

const TITLE = 'Providers';
/** The rest of a long list is named by its number. */
const MOST_MODELS = 3;

export function ProvidersPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <Providers />
    </RoleGate>
  );
}

function Providers() {
  const { data: providers, error, isPending, refetch } = useQuery(providersQuery);
  return (
    <>
      <PageTitle
        title={TITLE}
        description="Where requests go, as this node has seen it in the last 30 minutes. A key that is refused sits out for a while, and the others go on."
      />
      <Card>
        {error !== null && providers === undefined && (
          <LoadError title="The providers could not be loaded" error={error} onRetry={() => void refetch()} />
        )}
        {isPending && <Loading label="Loading providers" />}
        {providers?.length === 0 && (
          <EmptyState title="No providers yet">
            Set a key such as <code>OPENAI_API_KEY</code>, or name a provider in <code>turnpike.yaml</code>,
            and start the gateway again. Until then <code>turnpike/echo</code> answers.
          </EmptyState>
        )}
        {providers !== undefined && providers.length > 0 && (
          <ul aria-label={TITLE} className="divide-y divide-border">
            {providers.map((provider) => (
              <ProviderItem key={provider.slug} provider={provider} />
            ))}
          </ul>
        )}
      </Card>
    </>
  );
}

function ProviderItem({ provider }: { provider: Provider }) {
  const { label, tone } = stateOf(provider);
  const { queue, probe, uptime_last_30m: uptime, requests_last_30m: requests } = provider;
  return (
    <li className="grid gap-x-6 gap-y-2 py-3 first:pt-0 last:pb-0 sm:grid-cols-[12rem_minmax(0,1fr)_9rem]">
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium">{provider.name}</span>
          <Badge tone={tone}>{label}</Badge>
        </div>
        <div className="text-xs wrap-anywhere text-muted">{provider.host ?? provider.format}</div>
        {queue !== null && (
          <div className="text-xs text-muted">
            {queue.running} of {queue.max_concurrent} running, {queue.waiting} waiting
          </div>
        )}
        {probe?.is_up === false && <div className="text-xs text-danger-text">{probe.says}</div>}
        {probe !== null && probe.missing_models.length > 0 && (
          <div className="text-xs wrap-anywhere text-warning-text">
            Does not have {namesIn(probe.missing_models)}
          </div>
        )}
      </div>
      <ul aria-label={`Keys of ${provider.name}`} className="grid content-start gap-1.5">
        {provider.credentials.map((credential) => (
          <CredentialItem key={credential.id} credential={credential} />
        ))}
      </ul>
      <div className="text-xs text-muted tabular-nums sm:text-right">
        {formatCount(requests)} {requests === 1 ? 'request' : 'requests'}
        {uptime !== null && (
          <>
            <span className="sm:hidden">, </span>
            <br className="max-sm:hidden" />
            {uptime.toFixed(1)} % answered
          </>
        )}
      </div>
    </li>
  );
}

const KINDS: Readonly<Record<Credential['kind'], string>> = {
  key: '',
  identity: 'workload identity',
  none: 'no key',
};

function CredentialItem({ credential }: { credential: Credential }) {
  const { id, kind, bench, models, in_flight: inFlight, max_concurrent: most } = credential;
  const facts = [
    KINDS[kind],
    inFlight === null ? '' : most === null ? `${inFlight} under way` : `${inFlight} of ${most} under way`,
    credential.requests_per_minute === null ? '' : `${credential.requests_per_minute} a minute at most`,
  ].filter((fact) => fact !== '');
  return (
    <li>
      <div className="flex flex-wrap items-baseline gap-x-2">
        <span className="font-mono text-xs wrap-anywhere">{id}</span>
        {facts.length > 0 && <span className="text-xs text-muted">{facts.join(', ')}</span>}
      </div>
      {bench !== null && <div className="text-xs text-danger-text">{benchText(bench)}</div>}
      {bench === null &&
        models.slice(0, MOST_MODELS).map((one) => (
          <div key={one.model} className="text-xs text-warning-text">
            <span className="wrap-anywhere">{one.model}</span>: {benchText(one)}
          </div>
        ))}
      {bench === null && models.length > MOST_MODELS && (
        <div className="text-xs text-warning-text">and at {models.length - MOST_MODELS} more</div>
      )}
    </li>
  );
}

function namesIn(names: readonly string[]): string {
  const shown = names.slice(0, MOST_MODELS).join(', ');
  return names.length > MOST_MODELS ? `${shown} and ${names.length - MOST_MODELS} more` : shown;
}
