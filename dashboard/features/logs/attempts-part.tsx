/** The calls to providers, one after the other, on one line of time, and the writing of the answer behind them. */
import type { PageGeneration } from '../../../src/metering/answers.ts';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount, formatDuration } from '../../shared/format/count.ts';

interface Bar {
  readonly name: string;
  readonly detail: string;
  readonly startMs: number;
  readonly lengthMs: number;
  readonly className: string;
}

export function AttemptsPart({ generation }: { generation: PageGeneration }) {
  const bars = barsOf(generation);
  if (bars.length === 0) return null;
  const wholeMs = Math.max(1, ...bars.map(({ startMs, lengthMs }) => startMs + lengthMs));
  return (
    <section className="grid min-w-0 gap-2">
      <h3 className="font-semibold">Attempts</h3>
      <ol aria-label="Attempts at providers, in order" className="grid min-w-0 gap-2">
        {bars.map(({ name, detail, startMs, lengthMs, className }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same endpoint may be tried twice, and rows never move
          <li key={index} className="grid min-w-0 gap-1">
            <div className="flex min-w-0 items-baseline justify-between gap-3">
              <span className="min-w-0 truncate">
                <Untrusted>{name}</Untrusted> <span className="text-muted">{detail}</span>
              </span>
              <span className="shrink-0 tabular-nums">{formatDuration(lengthMs)}</span>
            </div>
            <div className="h-1.5 overflow-hidden rounded-full bg-raised" aria-hidden="true">
              <div
                className={`h-full min-w-1 rounded-full ${className}`}
                style={{
                  marginLeft: `${Math.min(99, (startMs / wholeMs) * 100)}%`,
                  width: `${(lengthMs / wholeMs) * 100}%`,
                }}
              />
            </div>
          </li>
        ))}
      </ol>
      <PlanList generation={generation} />
    </section>
  );
}

/** Who was to be tried, in order: that those behind the one that answered were asked nothing is told by the attempts. */
function PlanList({ generation: { plan, provider_responses: attempts } }: { generation: PageGeneration }) {
  if (plan.length === 0) return null;
  const models = new Set(plan.map(({ model }) => model));
  const isAsked = ({ endpoint_id, is_byok }: PageGeneration['plan'][number]) =>
    attempts.some((attempt) => attempt.endpoint_id === endpoint_id && attempt.is_byok === is_byok);
  return (
    <details className="min-w-0">
      <summary className="cursor-pointer text-muted">
        Planned order of {formatCount(plan.length)} endpoints
      </summary>
      <ol aria-label="Endpoints in their planned order" className="mt-1 grid min-w-0 list-decimal gap-1 pl-6">
        {plan.map((planned, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an endpoint may stand there with several keys, and rows never move
          <li key={index} className="min-w-0 break-words">
            <Untrusted>{planned.endpoint_id}</Untrusted>
            {models.size > 1 && (
              <>
                {' '}
                for <Untrusted>{planned.model}</Untrusted>
              </>
            )}
            <span className="text-muted">
              {planned.is_byok && ', with your own provider key'}
              {!isAsked(planned) && ', not asked'}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}

function barsOf({
  provider_responses: attempts,
  generation_time: timeMs,
  error,
}: PageGeneration): readonly Bar[] {
  const bars: Bar[] = [];
  let atMs = 0;
  for (const { provider_name: name, endpoint_id: endpoint, status, latency } of attempts) {
    const isAnswer = status !== null && status < 400 && (error === null || bars.length < attempts.length - 1);
    const where = endpoint === name ? '' : `${endpoint}, `;
    bars.push({
      ...{ name, startMs: atMs, lengthMs: latency },
      detail: `${where.slice(0, 80)}${status === null ? 'no answer' : `HTTP ${status}`}`,
      className: isAnswer ? 'bg-accent' : 'bg-danger',
    });
    atMs += latency;
  }
  if (bars.length > 0 && timeMs !== null && timeMs > atMs)
    bars.push({
      ...{ name: 'Until the end', detail: '', startMs: atMs, lengthMs: timeMs - atMs },
      className: 'bg-control',
    });
  return bars;
}
