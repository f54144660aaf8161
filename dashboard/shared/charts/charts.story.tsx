/** Every kind of chart in every state that it has, for whoever works on them: drawn by test/e2e/pages/charts.test.ts. */
import { createRoot } from 'react-dom/client';
import { LineChart } from './line-chart.tsx';
import type { Point } from './series.ts';
import { StackedBars } from './stacked-bars.tsx';

const SERIES = [
  { id: 'a', label: 'acme/small' },
  { id: 'b', label: 'acme/large' },
  { id: 'c', label: 'a/model-whose-name-goes-on-and-on-2026-11-20-preview' },
  { id: 'd', label: 'corp/one' },
  { id: 'e', label: 'corp/two' },
  { id: 'f', label: 'corp/three' },
  { id: 'g', label: 'corp/four' },
  { id: 'other', label: '12 other models', isOther: true },
];
const usd = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const day = (at: number, values: Point['values']): Point => ({
  id: `2026-11-${at + 1}`,
  label: `${at + 1} November 2026`,
  shortLabel: `${at + 1} Nov`,
  values,
});
const DAYS = Array.from({ length: 30 }, (_, at) =>
  day(
    at,
    Object.fromEntries(
      SERIES.map(({ id }, index) => [id, at % 7 === 5 ? 0 : ((at * 7 + index * 3) % 11) / 4]),
    ),
  ),
);
const LATENCY = DAYS.map((each, at) => ({
  ...each,
  values:
    at > 9 && at < 13
      ? {}
      : { p50: 300 + ((at * 37) % 90), ...(at === 20 ? {} : { p95: 900 + ((at * 91) % 400) }) },
}));

function Story() {
  const shared = { pointName: 'Day', format: (value: number) => usd.format(value) };
  return (
    <main className="grid gap-8 p-4">
      <h1>Charts</h1>
      <StackedBars
        {...shared}
        title="Spend by day"
        series={SERIES}
        points={DAYS}
        onSelect={({ id }) => {
          document.title = id;
        }}
      />
      <StackedBars
        {...shared}
        title="Spend of one key"
        series={SERIES.slice(0, 1)}
        points={DAYS}
        mark={{ value: 3, label: 'Limit $3.00' }}
      />
      <StackedBars
        {...shared}
        title="Nothing was spent"
        series={SERIES.slice(0, 1)}
        points={DAYS.map((each) => ({ ...each, values: {} }))}
      />
      <StackedBars {...shared} title="One day" series={SERIES.slice(0, 2)} points={DAYS.slice(0, 1)} />
      <LineChart
        title="Latency by day"
        pointName="Day"
        series={[
          { id: 'p50', label: 'Half are faster than' },
          { id: 'p95', label: '95 % are faster than' },
        ]}
        points={LATENCY}
        format={(value) => `${value} ms`}
      />
      <LineChart title="No points at all" pointName="Day" series={[]} points={[]} format={String} />
    </main>
  );
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Story />);
