/** Ways to send one sample: as bytes on a socket, by `curl`, by `python3`. Each gives the status and the JSON of the answer. */
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

/** Sends exactly this text, headers and all, and reads one answer that has a Content-Length. */
export async function sendBytes(url: string, text: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(text);
  let received = Buffer.alloc(0);
  try {
    for await (const bytes of socket) {
      received = Buffer.concat([received, bytes as Buffer]);
      const answer = parseAnswer(received);
      if (answer !== null) return answer;
    }
  } finally {
    socket.destroy();
  }
  throw new Error(`the connection ended within the answer: ${received.toString().slice(0, 500)}`);
}

/** Null: there is more to come. */
function parseAnswer(bytes: Buffer): Answer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = new Headers();
  for (const line of lines)
    headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1));
  const body = bytes.subarray(end + 4);
  const length = headers.get('content-length');
  if (length === null) throw new Error('the answer has no Content-Length');
  if (body.length < Number(length)) return null;
  const json = JSON.parse(decoded(body, headers.get('content-encoding')).toString());
  return { status: Number(statusLine.split(' ')[1]), headers, json };
}

/** As a client reads it that asked for it in fewer bytes. */
function decoded(body: Buffer, coding: string | null): Buffer {
  switch (coding?.trim()) {
    case 'br':
      return brotliDecompressSync(body);
    case 'gzip':
      return gunzipSync(body);
    case 'zstd':
      return zstdDecompressSync(body);
    default:
      return body;
  }
}

/** A request as bytes: the Host, these headers, and the length of the body. */
export function requestText(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): string {
  const { host, pathname, search } = new URL(url);
  const length = body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const lines = Object.entries({ Host: host, ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`${method} ${pathname}${search} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

/** What `curl` with these arguments sends; of its options, those that the samples use. */
export function curlText(args: readonly string[]): string {
  const headers: Record<string, string> = { 'User-Agent': 'curl/8.14.1', Accept: '*/*' };
  let method: string | null = null;
  let url = '';
  let body = '';
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const value = args[at + 1] ?? '';
    if (!arg.startsWith('-')) {
      url = arg;
      continue;
    }
    if (arg === '-X') method = value;
    else if (arg === '-H')
      headers[value.slice(0, value.indexOf(':'))] = value.slice(value.indexOf(':') + 1).trim();
    else if (arg === '-d') body = value.replaceAll('\n', '');
    else throw new Error(`no sample uses ${arg}`);
    at += 1;
  }
  return requestText(method ?? (body === '' ? 'GET' : 'POST'), url, headers, body);
}

export const hasCurl = Bun.which('curl') !== null;

export async function curl(args: readonly string[]): Promise<Answer> {
  const { stdout } = await run([
    'curl',
    '--silent',
    '--show-error',
    '--write-out',
    '\n%{http_code}',
    ...args,
  ]);
  const at = stdout.lastIndexOf('\n');
  return {
    status: Number(stdout.slice(at + 1)),
    headers: new Headers(),
    json: JSON.parse(stdout.slice(0, at)),
  };
}

/** Python with the packages that its samples import; what they print is their result. */
export const hasPython =
  Bun.which('python3') !== null &&
  Bun.spawnSync(['python3', '-c', 'import openai, openrouter, requests'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  }).exitCode === 0;

export async function python(code: string, env: Readonly<Record<string, string>>): Promise<string> {
  return (await run(['python3', '-c', code], env)).stdout;
}

export async function run(
  command: string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string }> {
  const child = Bun.spawn(command, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  if (exitCode !== 0) throw new Error(`${command[0]} ended with code ${exitCode}: ${stderr}`);
  return { stdout };
}
