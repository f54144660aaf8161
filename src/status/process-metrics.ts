/** Figures of the process itself, under the names that Prometheus' own clients use, and how long its event loop keeps others waiting. */
import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Family, Gauge, Quantiles } from './metrics.ts';

const DELAY_RESOLUTION_MS = 10;
const NANOSECONDS = 1e9;

export function processMetrics(version: string): Family[] {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  const startedAtSeconds = performance.timeOrigin / 1000;
  return [
    new Gauge('turnpike_build_info', 'The version that runs.', () => 1, { version, bun: Bun.version }),
    new Gauge(
      'process_cpu_seconds_total',
      'CPU time of the process, of all its threads.',
      () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      },
      {},
      'counter',
    ),
    new Gauge('process_resident_memory_bytes', 'Memory that the process has.', () =>
      process.memoryUsage.rss(),
    ),
    new Gauge('process_open_fds', 'Files and sockets that are open; -1 where nothing tells.', openFiles),
    new Gauge('process_max_fds', 'The most that may be open; -1 where nothing tells.', maxFiles),
    new Gauge('process_start_time_seconds', 'When it was started, since 1970.', () => startedAtSeconds),
    new Quantiles(
      'turnpike_event_loop_delay_seconds',
      'How late the event loop came to its work, since the last reading.',
      [0.5, 0.9, 0.99, 1],
      (quantile) => {
        const nanoseconds = quantile === 1 ? delay.max : delay.percentile(quantile * 100);
        return Number.isFinite(nanoseconds) ? nanoseconds / NANOSECONDS : 0;
      },
      () => delay.reset(),
    ),
  ];
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return -1;
  }
}

function maxFiles(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return Number(line?.[1] ?? -1);
  } catch {
    return -1;
  }
}
