/** The first steps of a new gateway; gone as soon as all of them are done. */
import { useQuery } from '@tanstack/react-query';
import { METRICS } from '../../shared/analytics/metrics.ts';
import { spanOf } from '../../shared/analytics/periods.ts';
import { figuresQuery, numberIn } from '../../shared/analytics/query.ts';
import { Card } from '../../shared/components/card.tsx';
import { CheckCircleIcon } from '../../shared/components/icons.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { limitedKeysQuery } from './api/list-keys.ts';
import { hasProviderQuery } from './api/list-models.ts';

interface Step {
  readonly label: string;
  readonly hint: string;
  readonly to: string;
  readonly isDone: boolean;
}

export function Checklist({ nowMs }: { nowMs: number }) {
  const session = useSession();
  const keys = useQuery(limitedKeysQuery(null));
  const hasProvider = useQuery(hasProviderQuery);
  const year = useQuery(
    figuresQuery({
      metrics: [METRICS.requests.id],
      dimensions: [],
      granularity: null,
      span: spanOf('1y', nowMs),
    }),
  );
  // Nobody is told to do what may be done already.
  if (keys.data === undefined || hasProvider.data === undefined || year.data === undefined) return null;
  const provider: Step = {
    label: 'Switch a provider on',
    hint: 'Set its key in the environment, such as OPENAI_API_KEY, and start the gateway again.',
    ...{ to: '/models', isDone: hasProvider.data },
  };
  const steps: readonly Step[] = [
    // Members cannot.
    ...(hasRole(session, 'admin') ? [provider] : []),
    { label: 'Make a key', hint: 'One for each app or person.', to: '/keys', isDone: keys.data.length > 0 },
    {
      label: 'Ask a model',
      hint: 'A model’s page has the command.',
      ...{ to: '/models', isDone: (numberIn(year.data.data[0], METRICS.requests.id) ?? 0) > 0 },
    },
    {
      label: 'Set a limit',
      hint: 'A key stops exactly there.',
      ...{ to: '/keys', isDone: keys.data.some(({ limit }) => limit !== null) },
    },
  ];
  if (steps.every(({ isDone }) => isDone)) return null;
  return (
    <Card title="First steps">
      <ol className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
        {steps.map(({ label, hint, to, isDone }) => (
          <li key={label} className="flex items-start gap-2.5">
            <span className={`mt-0.5 ${isDone ? 'text-success-text' : 'text-control'}`}>
              <CheckCircleIcon />
            </span>
            <div className="min-w-0">
              <p className="font-medium">
                {isDone ? label : <TextLink to={to}>{label}</TextLink>}
                <span className="sr-only">{isDone ? ' (done)' : ' (to do)'}</span>
              </p>
              <p className="text-muted">{hint}</p>
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}
