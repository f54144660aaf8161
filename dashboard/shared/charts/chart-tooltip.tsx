/** The figures of one point, beside it. Screen readers hear them from the list of points. */
import { colorOf, type Point, type Series, totalOf } from './series.ts';

/** More lines than that hide the chart; the smallest go. */
const MAX_LINES = 8;

export function ChartTooltip({
  point,
  series,
  format,
  showsTotal,
  middlePx,
  widthPx,
}: {
  point: Point;
  series: readonly Series[];
  format: (value: number) => string;
  showsTotal: boolean;
  middlePx: number;
  widthPx: number;
}) {
  const lines = series
    .map((each, index) => ({ ...each, color: colorOf(series, index), value: point.values[each.id] }))
    .filter(({ value }) => value !== undefined && (value !== 0 || series.length === 1))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const left = middlePx > widthPx / 2;
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none absolute top-2 z-10 grid max-w-64 grid-cols-1 min-w-36 gap-1 rounded-lg border border-border bg-surface px-3 py-2 text-xs shadow-floating"
      style={left ? { right: widthPx - middlePx + 14 } : { left: middlePx + 14 }}
    >
      <p className="font-medium">{point.label}</p>
      {lines.slice(0, MAX_LINES).map(({ id, label, color, value }) => (
        <p key={id} className="flex items-center gap-1.5 text-muted">
          <span className="size-2 shrink-0 rounded-sm" style={{ background: color }} />
          <span className="min-w-0 flex-1 truncate">{label}</span>
          <span className="text-text tabular-nums">{format(value ?? 0)}</span>
        </p>
      ))}
      {lines.length > MAX_LINES && <p className="text-muted">and {lines.length - MAX_LINES} more</p>}
      {lines.length === 0 && <p className="text-muted">Nothing</p>}
      {showsTotal && lines.length > 1 && (
        <p className="flex justify-between gap-3 border-t border-border pt-1 font-medium tabular-nums">
          <span>Total</span>
          {format(totalOf(point, series))}
        </p>
      )}
    </div>
  );
}
