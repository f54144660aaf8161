/** Requests byte by byte over a socket, for what no client library can be made to send. */
import { connect } from 'node:net';

export interface RawAnswer {
  /** Null: the connection was closed without an answer. */
  readonly status: number | null;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly all: string;
  /** The server closed the connection. */
  readonly closed: boolean;
}

export interface RawOptions {
  /** Written one after another, with this pause between. */
  pauseMs?: number;
  /** Ends our side after the last part. */
  halfClose?: boolean;
  /** Stops listening when the answer is quiet for so long; until the server closes unless told. */
  quietMs?: number;
  deadlineMs?: number;
}

export async function sendRaw(
  url: string,
  parts: readonly (string | Buffer)[],
  options: RawOptions = {},
): Promise<RawAnswer> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
  let all = '';
  let quiet: ReturnType<typeof setTimeout> | undefined;
  socket.on('data', (bytes) => {
    all += bytes.toString('latin1');
    clearTimeout(quiet);
    quiet = setTimeout(() => resolve(false), options.quietMs ?? 60_000);
  });
  socket.on('close', () => resolve(true));
  socket.on('end', () => resolve(true));
  socket.on('error', () => resolve(true));
  const deadline = setTimeout(() => resolve(false), options.deadlineMs ?? 60_000);
  for (const [position, part] of parts.entries()) {
    if (position > 0 && options.pauseMs !== undefined) await Bun.sleep(options.pauseMs);
    if (socket.destroyed) break;
    socket.write(part);
  }
  if (options.halfClose === true) socket.end();
  const closed = await promise;
  clearTimeout(deadline);
  clearTimeout(quiet);
  socket.destroy();
  return { ...parsed(all), all, closed };
}

function parsed(all: string): Pick<RawAnswer, 'status' | 'headers' | 'body'> {
  const headEnd = all.indexOf('\r\n\r\n');
  const [first = '', ...lines] = all.slice(0, Math.max(0, headEnd)).split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3})/.exec(first)?.[1];
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  return {
    status: status === undefined ? null : Number(status),
    headers: new Map(headers),
    body: all.slice(headEnd + 4),
  };
}
