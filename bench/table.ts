/** A run as a table for people. Absolute figures belong to one machine; the ratios travel. */
import type { Machine } from './machine.ts';
import type {
  Figure,
  FloodFigures,
  RequestFigures,
  StartFigures,
  StreamFigures,
  TlsFigures,
} from './measure.ts';
import type { TranslationFigures } from './translations.ts';

export interface Run {
  readonly machine: Machine;
  readonly light: RequestFigures;
  readonly loaded: RequestFigures;
  readonly streams: StreamFigures;
  readonly flood: FloodFigures;
  readonly tls: TlsFigures;
  readonly bytesPerStream: Figure;
  readonly starts: StartFigures;
  readonly translations: readonly TranslationFigures[];
}

type Row = readonly [what: string, ...cells: string[]];

const HEAD: Row = ['', 'upstream', 'nginx', 'turnpike', 'to nginx', 'to upstream', 'aim'];

export function renderRun(run: Run): string {
  const { machine, light, loaded, streams, flood, tls, bytesPerStream, starts } = run;
  const rows: Row[] = [
    HEAD,
    row('CPU a request, 32 connections (µs)', loaded.cpuMicroseconds, 1, '<= 4.5 x nginx'),
    row('CPU a request, 1 connection (µs)', light.cpuMicroseconds, 1, '<= 8 x nginx'),
    row('requests a second, 32 connections', loaded.perSecond, 0),
    row('p50, 1 connection (µs)', light.p50Microseconds, 0),
    row('p99, 1 connection (µs)', light.p99Microseconds, 0),
    row('added p50, 1 connection (µs)', added(light.p50Microseconds), 0, '<= 350 µs'),
    row('added p99, 1 connection (µs)', added(light.p99Microseconds), 0),
    row('added p50, 32 connections (µs)', added(loaded.p50Microseconds), 0),
    row('added p99, 32 connections (µs)', added(loaded.p99Microseconds), 0),
    row('CPU a streamed chunk (µs)', streams.cpuMicrosecondsPerChunk, 1, '<= 1.5 x nginx'),
    row('chunks delivered a second', streams.chunksPerSecond, 0),
    row('CPU a request, 32 connections, TLS (µs)', tls.loaded.cpuMicroseconds, 1, '<= 4.5 x nginx'),
    row('CPU a streamed chunk, TLS (µs)', tls.streams.cpuMicrosecondsPerChunk, 1, '<= 1.5 x nginx'),
    row('memory an open stream (KiB)', scaled(bytesPerStream, 1 / 1024), 1, '<= 12 KiB'),
    row('first answer after a start (ms)', { turnpike: starts.laterMs }, 0, '<= 500 ms'),
    row('first answer after the very first start (ms)', { turnpike: starts.firstMs }, 0, '<= 500 ms'),
  ];
  return `${machineLines(machine)}\n\n${aligned(rows)}\n\n${floodLine(flood)}\n`;
}

function floodLine(flood: FloodFigures): string {
  const { p50Microseconds, p99Microseconds, calmP50Microseconds, calmP99Microseconds } = flood;
  const times = (here: number, calm: number) =>
    `${here.toFixed(0)} µs, ${(here / calm).toFixed(2)} x of ${calm.toFixed(0)} µs`;
  return [
    `while ${flood.signInsPerSecond.toFixed(0)} passwords a second are guessed, a chat request at 1 connection takes`,
    `  p50 ${times(p50Microseconds, calmP50Microseconds)}`,
    `  p99 ${times(p99Microseconds, calmP99Microseconds)}`,
  ].join('\n');
}

function machineLines(machine: Machine): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.cores} cores, ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}`,
    `${machine.date} UTC, ${versions.join(', ')}, load average before ${machine.loadAverage.toFixed(2)}`,
  ].join('\n');
}

function row(what: string, figure: Figure, digits: number, aim = ''): Row {
  const { upstream, nginx, turnpike } = figure;
  const cells = [upstream, nginx, turnpike].map((value) =>
    value === undefined ? '' : value.toFixed(digits),
  );
  return [what, ...cells, ratio(turnpike, nginx), ratio(turnpike, upstream), aim];
}

function ratio(value: number | undefined, base: number | undefined): string {
  if (value === undefined || base === undefined || base <= 0) return '';
  return `${(value / base).toFixed(2)} x`;
}

/** What a candidate adds to the upstream alone. */
function added({ upstream, nginx, turnpike }: Figure): Figure {
  if (upstream === undefined) return {};
  return {
    ...(nginx === undefined ? {} : { nginx: nginx - upstream }),
    ...(turnpike === undefined ? {} : { turnpike: turnpike - upstream }),
  };
}

function scaled(figure: Figure, factor: number): Figure {
  return Object.fromEntries(Object.entries(figure).map(([name, value]) => [name, value * factor]));
}

/** The first row is the head. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const columns = rows[0] ?? [];
  const widths = columns.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
