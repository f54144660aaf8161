/** A line for each series; where a point has no value, the line has a gap. */
import { LinePath } from '@visx/shape';
import { Chart } from './chart.tsx';
import { type ChartProps, colorOf } from './series.ts';

export function LineChart(props: ChartProps) {
  const { points, series } = props;
  const highest = Math.max(0, ...points.flatMap(({ values }) => series.map(({ id }) => values[id] ?? 0)));
  return (
    <Chart {...props} highest={highest}>
      {({ x, y, bandWidth, active }) =>
        series.map((each, index) => {
          const color = colorOf(series, index);
          const has = (at: number) => points[at]?.values[each.id] !== undefined;
          const middle = (at: number) => x(at) + bandWidth / 2;
          const height = (at: number) => y(points[at]?.values[each.id] ?? 0);
          return (
            <g key={each.id}>
              <LinePath
                data={points.map((_, at) => at)}
                defined={has}
                x={middle}
                y={height}
                stroke={color}
                strokeWidth={2}
                strokeLinejoin="round"
                strokeLinecap="round"
              />
              {points.map((point, at) =>
                // One that stands alone has no line to be part of.
                has(at) && (active === at || !(has(at - 1) || has(at + 1))) ? (
                  <circle key={point.id} cx={middle(at)} cy={height(at)} r={3.5} fill={color} />
                ) : null,
              )}
            </g>
          );
        })
      }
    </Chart>
  );
}
