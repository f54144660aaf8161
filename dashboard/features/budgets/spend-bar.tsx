/** How much of a budget is used: the figures, and the same as a bar. */
import { Meter } from '../../shared/components/meter.tsx';
import { formatUsd } from '../../shared/format/money.ts';

export function SpendBar({ spentUsd, limitUsd }: { spentUsd: number; limitUsd: number }) {
  const share = limitUsd === 0 ? 1 : spentUsd / limitUsd;
  const tone = share >= 1 ? 'danger' : share >= 0.8 ? 'warning' : 'accent';
  return (
    <div className="grid gap-1.5">
      <p className="flex flex-wrap justify-between gap-x-4 tabular-nums">
        <span>
          {formatUsd(spentUsd)} <span className="text-muted">of {formatUsd(limitUsd)}</span>
        </span>
        <span className={share >= 1 ? 'font-medium text-danger-text' : 'text-muted'}>
          {share >= 1 ? 'Used up' : `${Math.floor(share * 100)} %`}
        </span>
      </p>
      <Meter share={share} tone={tone} />
    </div>
  );
}
