/** Bars of one point each, in which the series stand upon each other. */
import { Chart } from './chart.tsx';
import { amountOf, type ChartProps, colorOf, totalOf } from './series.ts';

const GAP_PX = 1;

export function StackedBars(props: ChartProps) {
  const { points, series } = props;
  const highest = Math.max(0, ...points.map((point) => totalOf(point, series)));
  return (
    <Chart {...props} highest={highest} showsTotal={series.length > 1}>
      {({ x, y, bandWidth, active }) =>
        points.map((point, at) => {
          let below = 0;
          return (
            <g key={point.id} opacity={active === null || active === at ? 1 : 0.45}>
              {series.map((each, index) => {
                const value = Math.max(0, amountOf(point, each));
                const top = y(below + value);
                const height = y(below) - top;
                const isLowest = below === 0;
                below += value;
                if (height <= 0) return null;
                return (
                  <rect
                    key={each.id}
                    x={x(at)}
                    y={top}
                    width={bandWidth}
                    // A hair between two series; what is smaller than that is drawn all the same.
                    height={Math.max(height - (isLowest || height <= 2 * GAP_PX ? 0 : GAP_PX), 0.5)}
                    rx={Math.min(2, bandWidth / 4)}
                    fill={colorOf(series, index)}
                  />
                );
              })}
            </g>
          );
        })
      }
    </Chart>
  );
}
