/** Load on one candidate: closed-loop requests over kept connections, by wrk where it is installed and by our own sockets else. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket } from 'bun';
import { askOf, type Candidate, type Kind } from './candidates.ts';

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
  readonly failed: number;
}

export interface LoadRequest {
  readonly candidate: Candidate;
  readonly connections: number;
  readonly seconds: number;
}

export type Load = (request: LoadRequest) => Promise<LoadResult>;

/** The request as it stands on the wire. */
export function wireRequest(candidate: Candidate, kind: Kind): string {
  const { path, body } = askOf(candidate, kind);
  const headers = { 'content-type': 'application/json', ...candidate.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${candidate.port}\r\n${lines.join('')}` +
    `content-length: ${body.length}\r\n\r\n${body}`
  );
}

export function wrkLoad(binary: string, dir: string): Load {
  return async ({ candidate, connections, seconds }) => {
    const { path, body } = askOf(candidate, 'json');
    const script = join(dir, `${candidate.name}.lua`);
    const headers = { 'content-type': 'application/json', ...candidate.headers };
    const lines = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`);
    writeFileSync(script, ['wrk.method = "POST"', ...lines, `wrk.body = [[${body}]]`].join('\n'));
    const url = `http://127.0.0.1:${candidate.port}${path}`;
    // wrk takes whole seconds only.
    const flags = ['-t1', `-c${connections}`, `-d${Math.ceil(seconds)}s`, '--latency', '-s', script];
    const child = Bun.spawn([binary, ...flags, url], { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
    const report = await child.stdout.text();
    if ((await child.exited) !== 0) throw new Error(`wrk ${flags.join(' ')} ended with ${child.exitCode}`);
    return {
      requests: Number(/(\d+) requests in/.exec(report)?.[1]),
      requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]),
      p50Microseconds: microseconds(/\s50%\s+(\S+)/.exec(report)?.[1]),
      p99Microseconds: microseconds(/\s99%\s+(\S+)/.exec(report)?.[1]),
      failed:
        Number(/Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1] ?? 0) +
        Number(/read (\d+)/.exec(report)?.[1] ?? 0),
    };
  };
}

function microseconds(text: string | undefined): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s)$/.exec(text ?? '') ?? [];
  const factor = unit === 'us' ? 1 : unit === 'ms' ? 1000 : 1_000_000;
  return Number(value) * factor;
}

interface Loop {
  text: string;
  sentAt: number;
}

export const ownLoad: Load = async ({ candidate, connections, seconds }) => {
  const request = wireRequest(candidate, 'json');
  const latencies: number[] = [];
  let failed = 0;
  const send = (socket: Socket<Loop>) => {
    socket.data.sentAt = performance.now();
    socket.write(request);
  };
  const sockets = await Promise.all(
    Array.from({ length: connections }, () =>
      Bun.connect<Loop>({
        hostname: '127.0.0.1',
        port: candidate.port,
        data: { text: '', sentAt: 0 },
        socket: {
          data(socket, bytes) {
            const text = socket.data.text + bytes.toString('latin1');
            socket.data.text = text;
            const headEnd = text.indexOf('\r\n\r\n');
            const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
            if (headEnd === -1 || text.length < headEnd + 4 + length) return;
            latencies.push(performance.now() - socket.data.sentAt);
            if (!text.startsWith('HTTP/1.1 200')) failed += 1;
            socket.data.text = '';
            send(socket);
          },
          close() {
            failed += 1;
          },
        },
      }),
    ),
  );
  const startedAt = performance.now();
  for (const socket of sockets) send(socket);
  await Bun.sleep(seconds * 1000);
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  const broken = failed;
  for (const socket of sockets) socket.terminate();
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 1000;
  return {
    requests: sorted.length,
    requestsPerSecond: sorted.length / elapsedSeconds,
    p50Microseconds: at(0.5),
    p99Microseconds: at(0.99),
    failed: broken,
  };
};
