/**
 * What all charts have in common: axes, legend, the tooltip of the point that is looked at, and a table behind them for screen
 * readers. One stop for the Tab key: the arrows go from point to point, Enter chooses one, Escape leaves it.
 */
import { scaleBand, scaleLinear } from '@visx/scale';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useState } from 'react';
import { ChartTable } from './chart-table.tsx';
import { ChartTooltip } from './chart-tooltip.tsx';
import { type ChartProps, colorOf, type Series } from './series.ts';
import { useWidth } from './use-width.ts';

const MARGIN = { top: 10, right: 4, bottom: 24, left: 52 };
const DEFAULT_HEIGHT_PX = 220;
const TICKS = 4;
/** Room for one label below the axis. */
const LABEL_WIDTH_PX = 72;
/** Few bars are no wider than that. */
const MAX_BAND_PX = 56;

/** What marks are drawn by: pixels of the nth point, of a value, and which point is looked at. */
export interface Plot {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly bandWidth: number;
  readonly active: number | null;
}

export function Chart(
  props: ChartProps & {
    readonly highest: number;
    /** Whether the values of a point add up to something. */
    readonly showsTotal?: boolean;
    readonly children: (plot: Plot) => ReactNode;
  },
) {
  const {
    title,
    series,
    points,
    format,
    formatTick = format,
    mark,
    highest,
    onSelect,
    onSelectRange,
    children,
  } = props;
  const { height = DEFAULT_HEIGHT_PX, showsTotal = false } = props;
  const id = useId();
  const [frame, width] = useWidth();
  const [active, setActive] = useState<number | null>(null);
  /** Where a range begins that is being drawn. */
  const [anchor, setAnchor] = useState<number | null>(null);

  const inner = {
    width: Math.max(0, width - MARGIN.left - MARGIN.right),
    height: height - MARGIN.top - MARGIN.bottom,
  };
  const top = Math.max(highest, mark?.value ?? 0);
  const vertical = scaleLinear<number>({
    domain: [0, top > 0 ? top : 1],
    range: [inner.height, 0],
    nice: TICKS,
  });
  const horizontal = scaleBand<number>({
    domain: points.map((_, at) => at),
    range: [0, inner.width],
    padding: 0.25,
  });
  const step = horizontal.step();
  const bandWidth = Math.min(MAX_BAND_PX, horizontal.bandwidth());
  const x = (at: number) => (horizontal(at) ?? 0) + (horizontal.bandwidth() - bandWidth) / 2;
  const y = (value: number) => vertical(value);
  const every = Math.max(1, Math.ceil((points.length * LABEL_WIDTH_PX) / Math.max(1, inner.width)));

  const pointAt = ({ clientX, currentTarget }: PointerEvent<HTMLElement>): number | null => {
    const within = clientX - currentTarget.getBoundingClientRect().left - MARGIN.left;
    const at = Math.floor(within / step);
    return at >= 0 && at < points.length ? at : null;
  };
  const select = (at: number | null) => {
    const point = at === null ? undefined : points[at];
    if (point === undefined || at === null) return;
    const [first, last] = [points[Math.min(at, anchor ?? at)], points[Math.max(at, anchor ?? at)]];
    setAnchor(null);
    if (onSelectRange !== undefined && first !== undefined && last !== undefined && first !== last)
      onSelectRange(first, last);
    else onSelect?.(point);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextPoint(event.key, active, points.length);
    if (next !== undefined) {
      event.preventDefault();
      setAnchor(event.shiftKey && onSelectRange !== undefined ? (anchor ?? active) : null);
      setActive(next);
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      select(active);
    }
  };

  return (
    <figure className="m-0 grid min-w-0 grid-cols-1 gap-3">
      {series.length > 1 && <Legend series={series} />}
      <div
        ref={frame}
        role="listbox"
        tabIndex={0}
        aria-label={title}
        aria-orientation="horizontal"
        aria-activedescendant={active === null ? undefined : `${id}-${active}`}
        className={`relative rounded-md ${onSelect === undefined ? '' : 'cursor-pointer select-none touch-pan-y'}`}
        style={{ height }}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => setActive(pointAt(event))}
        onPointerDown={(event) => {
          if (onSelectRange !== undefined) setAnchor(pointAt(event));
        }}
        onPointerLeave={() => {
          setActive(null);
          setAnchor(null);
        }}
        onBlur={() => {
          setActive(null);
          setAnchor(null);
        }}
        onClick={() => select(active)}
      >
        {/* When the window becomes narrower, the drawing keeps its width until it hears of it: what stands out is cut off
            and does not widen the page. */}
        <div className="absolute inset-0 [overflow-clip-margin:1.25rem] [overflow:clip]">
          <svg width={width} height={height} className="block overflow-visible" aria-hidden="true">
            <g transform={`translate(${MARGIN.left} ${MARGIN.top})`}>
              {vertical.ticks(TICKS).map((value) => (
                <g key={value} transform={`translate(0 ${y(value)})`}>
                  <line x2={inner.width} className="stroke-border" />
                  <text
                    x={-8}
                    dy="0.32em"
                    textAnchor="end"
                    className="fill-muted text-[0.6875rem] tabular-nums"
                  >
                    {formatTick(value)}
                  </text>
                </g>
              ))}
              {points.map((point, at) =>
                at % every === 0 ? (
                  <text
                    key={point.id}
                    x={x(at) + bandWidth / 2}
                    y={inner.height + 16}
                    textAnchor={at === 0 && every > 1 ? 'start' : 'middle'}
                    className="fill-muted text-[0.6875rem] tabular-nums"
                  >
                    {point.shortLabel ?? point.label}
                  </text>
                ) : null,
              )}
              {active !== null && (
                <rect
                  x={x(Math.min(active, anchor ?? active)) - (step - bandWidth) / 2}
                  width={step * (1 + Math.abs(active - (anchor ?? active)))}
                  height={inner.height}
                  className="fill-raised"
                  opacity={0.7}
                />
              )}
              {width > 0 && children({ x, y, bandWidth, active })}
              {mark !== undefined && (
                <g transform={`translate(0 ${y(mark.value)})`}>
                  <line x2={inner.width} className="stroke-danger" strokeDasharray="4 3" />
                  <text
                    x={inner.width}
                    dy="-0.4em"
                    textAnchor="end"
                    className="fill-danger-text text-[0.6875rem]"
                  >
                    {mark.label}
                  </text>
                </g>
              )}
            </g>
          </svg>
        </div>
        {points.map((point, at) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and names the one that is looked at
          <span
            key={point.id}
            id={`${id}-${at}`}
            role="option"
            aria-selected={active === at}
            className="sr-only"
          >
            {describe(point.label, series, (each) => point.values[each.id], format)}
          </span>
        ))}
        {active !== null && points[active] !== undefined && (
          <ChartTooltip
            point={points[active]}
            series={series}
            format={format}
            showsTotal={showsTotal}
            middlePx={MARGIN.left + x(active) + bandWidth / 2}
            widthPx={width}
          />
        )}
      </div>
      <ChartTable {...props} />
    </figure>
  );
}

/** Null: none any more; undefined: not a key of ours. */
function nextPoint(key: string, active: number | null, count: number): number | null | undefined {
  if (key === 'Escape') return active === null ? undefined : null;
  if (count === 0) return undefined;
  switch (key) {
    case 'ArrowRight':
      return active === null ? 0 : Math.min(count - 1, active + 1);
    case 'ArrowLeft':
      return active === null ? count - 1 : Math.max(0, active - 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

function describe(
  label: string,
  series: readonly Series[],
  of: (series: Series) => number | undefined,
  format: (value: number) => string,
): string {
  const told = series.flatMap((each) => {
    const value = of(each);
    return value === undefined || (value === 0 && series.length > 1)
      ? []
      : [`${each.label} ${format(value)}`];
  });
  return told.length === 0 ? `${label}: nothing` : `${label}: ${told.join(', ')}`;
}

function Legend({ series }: { series: readonly Series[] }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-muted" aria-hidden="true">
      {series.map((each, index) => (
        <li key={each.id} className="flex max-w-full min-w-0 items-center gap-1.5">
          <span className="size-2.5 shrink-0 rounded-sm" style={{ background: colorOf(series, index) }} />
          <span className="truncate">{each.label}</span>
        </li>
      ))}
    </ul>
  );
}
