/** What was spent with a key, against its limit where it has one. */
import type { PageKey } from '../../../src/keys/answers.ts';
import { Meter, type MeterTone } from '../../shared/components/meter.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { limitOf, PERIODS } from './api-key.ts';

const NEARLY = 0.8;

function toneOf(share: number): MeterTone {
  if (share >= 1) return 'danger';
  return share >= NEARLY ? 'warning' : 'accent';
}

export function SpendBar({ apiKey }: { apiKey: PageKey }) {
  const limit = limitOf(apiKey);
  const total = apiKey.usage + apiKey.byok_usage;
  if (limit === null) {
    return (
      <div className="tabular-nums">
        {formatUsd(total)} <span className="text-muted">without a limit</span>
      </div>
    );
  }
  const reset = apiKey.limit_reset;
  return (
    <div className="grid gap-1 tabular-nums">
      <div className="sm:whitespace-nowrap">
        {formatUsd(limit.spent)}{' '}
        <span className="text-muted">
          of {formatUsd(limit.limit)}
          {reset === null ? '' : ` ${PERIODS[reset]}`}
        </span>
      </div>
      <Meter share={limit.share} tone={toneOf(limit.share)} />
      {(reset !== null || total !== limit.spent) && (
        <div className="text-xs text-muted">{formatUsd(total)} in total</div>
      )}
    </div>
  );
}
