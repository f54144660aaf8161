/** Until when figures are complete: what has just been answered comes a moment later. */
import { reportZone, zoneName } from '../format/report-zone.ts';
import { formatTime } from '../format/time.ts';

export function CompleteUntil({ iso }: { iso: string }) {
  return (
    <p className="text-xs text-muted">
      Complete until <time dateTime={iso}>{formatTime(iso)}</time>. Days and months are those of{' '}
      {zoneName(reportZone())}.
    </p>
  );
}
