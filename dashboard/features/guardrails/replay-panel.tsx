/** What the rules in the form would have done to the last days, had they bound every key: asked for, as it reads many requests. */
import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { ReplayAnswer } from '../../../src/replay/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { Select } from '../../shared/components/select.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { formatUsd } from '../../shared/format/money.ts';
import { replayGuardrail } from './api/replay-guardrail.ts';
import type { GuardrailChanges } from './api/save-guardrail.ts';
import { ruleInWords } from './remaining-models.tsx';

const DAYS = [
  { value: '1', label: 'The last day' },
  { value: '7', label: 'The last 7 days' },
  { value: '30', label: 'The last 30 days' },
];
const SHOWN_AT_MOST = 5;

/** `rules`: as they stand in the form when it is asked. */
export function ReplayPanel({ id, rules }: { id: string | null; rules: () => GuardrailChanges }) {
  const [days, setDays] = useState('7');
  const selectId = useId();
  const replay = useMutation({ mutationFn: () => replayGuardrail(id, rules(), Number(days)) });
  return (
    <Card title="Replay" description="What these rules would have done, had they bound every key.">
      <div className="grid gap-4">
        <div className="flex flex-wrap items-end gap-3">
          <div className="min-w-0 flex-1 basis-40">
            <label htmlFor={selectId} className="sr-only">
              Replay
            </label>
            <Select
              id={selectId}
              options={DAYS}
              value={days}
              onChange={(event) => setDays(event.target.value)}
            />
          </div>
          <Button variant="secondary" isBusy={replay.isPending} onClick={() => replay.mutate()}>
            Replay
          </Button>
        </div>
        <div role="status" className="grid gap-4">
          {replay.isError && <Alert tone="danger">{messageOf(replay.error)}</Alert>}
          {replay.isSuccess && <Outcome replayed={replay.data} />}
        </div>
      </div>
    </Card>
  );
}

function Outcome({ replayed }: { replayed: ReplayAnswer }) {
  const { requests, refused, rerouted, unknown, truncated, by_rule, by_key, not_replayed, budgets } =
    replayed;
  if (requests === 0) return <p className="text-muted">Nobody asked for anything in that time.</p>;
  const most = by_key.filter((one) => one.refused.requests > 0).slice(0, SHOWN_AT_MOST);
  return (
    <>
      <Facts
        facts={[
          { label: 'Requests', value: formatCount(requests) },
          { label: 'Refused', value: costOf(refused) },
          { label: 'Served by others', value: costOf(rerouted) },
          { label: 'Of models that are gone', value: unknown.requests === 0 ? null : costOf(unknown) },
          {
            label: 'Budgets reached',
            value: budgets.length === 0 ? null : formatCount(budgets.length),
          },
        ]}
      />
      {by_rule.length > 0 && (
        <List
          title="By rule"
          lines={by_rule.map(({ rule, ...count }) => [ruleInWords(rule), costOf(count)] as const)}
        />
      )}
      {most.length > 0 && (
        <List
          title="Keys refused most"
          lines={most.map(({ key_hash, key_name, refused: own }) => [
            key_name ?? `${key_hash.slice(0, 12)}…`,
            costOf(own),
          ])}
        />
      )}
      {truncated && (
        <p className="text-muted">There were more requests than one replay looks at: the oldest count.</p>
      )}
      {not_replayed.map(({ what, why }) => (
        <p key={what} className="text-muted">
          Not replayed: <code className="font-mono">{what}</code>, as {why}.
        </p>
      ))}
    </>
  );
}

const costOf = ({ requests, cost_usd: usd }: { requests: number; cost_usd: number }): string =>
  requests === 0 ? 'None' : `${formatCount(requests)} (${formatUsd(usd)})`;

function List({ title, lines }: { title: string; lines: readonly (readonly [string, string])[] }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1 font-medium">{title}</h3>
      <ul className="divide-y divide-border">
        {lines.map(([name, count]) => (
          <li key={name} className="flex justify-between gap-3 py-1.5">
            <span className="min-w-0 wrap-anywhere">
              <Untrusted>{name}</Untrusted>
            </span>
            <span className="shrink-0 tabular-nums text-muted">{count}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
