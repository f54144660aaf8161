import { expect, test } from 'bun:test';
import { GatewayMetrics } from './gateway-metrics.ts';
import { Counter, Gauge, Histogram, renderMetrics } from './metrics.ts';

test('a label’s value escapes the backslash, the quote and the line feed, and so never breaks its line', () => {
  const counter = new Counter('answers_total', 'Answers.');
  counter.add({ path: 'a\\b"c\nd' });
  expect(counter.lines()).toEqual(['answers_total{path="a\\\\b\\"c\\nd"} 1']);
});

test('a counter adds up for each set of labels, and without any', () => {
  const counter = new Counter('x_total', 'X.');
  counter.add({ a: '1', b: '2' });
  counter.add({ a: '1', b: '2' }, 2.5);
  counter.add({ a: '2', b: '2' });
  counter.add();
  expect(counter.lines()).toEqual(['x_total{a="1",b="2"} 3.5', 'x_total{a="2",b="2"} 1', 'x_total 1']);
});

test('a histogram’s buckets are cumulative, a bound belongs to its bucket, and the last one holds everything', () => {
  const histogram = new Histogram('h_seconds', 'H.', [0.1, 1]);
  for (const value of [0.1, 0.5, 7]) histogram.observe(value);
  expect(histogram.lines()).toEqual([
    'h_seconds_bucket{le="0.1"} 1',
    'h_seconds_bucket{le="1"} 2',
    'h_seconds_bucket{le="+Inf"} 3',
    'h_seconds_sum 7.6',
    'h_seconds_count 3',
  ]);
});

test('every family has its help and its type, and the text ends with a line feed', () => {
  const open = 3;
  const text = renderMetrics([new Gauge('open', 'Open now.', () => open), new Counter('x_total', 'X.')]);
  expect(text).toBe(
    '# HELP open Open now.\n# TYPE open gauge\nopen 3\n# HELP x_total X.\n# TYPE x_total counter\n',
  );
});

test('a settled generation is counted by provider; what went beyond its hold is shown apart', () => {
  const metrics = new GatewayMetrics({
    openStreams: () => 1,
    journalDepth: () => 2,
    flushDepth: () => 3,
    flushDelayMs: () => 250,
    openHolds: () => 4,
    contentBytes: () => 0,
    leasedNanoUsd: () => 5n,
    sittingOut: () => 6,
  });
  const settled = {
    provider: 'acme',
    outcome: 'complete',
    promptTokens: 3,
    completionTokens: 4,
    firstByteMs: 20,
  };
  metrics.settled({ ...settled, costNanoUsd: 500_000_000n, overshootNanoUsd: 0n });
  expect(metrics.render()).not.toContain('turnpike_overshoot_usd_total{');
  metrics.settled({ ...settled, firstByteMs: null, costNanoUsd: 1n, overshootNanoUsd: 250_000_000n });
  metrics.answered('/api/v1/chat/completions', 200);
  const text = metrics.render();
  expect(text).toContain('turnpike_overshoot_usd_total{provider="acme"} 0.25\n');
  expect(text).toContain('turnpike_generations_total{provider="acme",outcome="complete"} 2\n');
  expect(text).toContain('turnpike_tokens_total{provider="acme",direction="completion"} 8\n');
  expect(text).toContain('turnpike_first_byte_seconds_count 1\n');
  expect(text).toContain('turnpike_http_answers_total{route="/api/v1/chat/completions",status="200"} 1\n');
  expect(text).toContain('turnpike_flush_depth 3\n');
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) |[a-z_]+(?:\{[^}]*\})? [\d.e+-]+$)/);
});
