/** The text before a request's body, without the length that only the body tells. */
import type { Target } from './origin.ts';

/** What the client itself decides, or what would change how the request or its answer is framed. */
const OURS =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|expect|upgrade|te|trailer|proxy-.*)$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Latin-1 at most, since it is sent as such. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

interface Known {
  readonly target: Target;
  readonly text: string;
}

/** Of frozen header objects alone: the text of one that changed would carry what it no longer says. */
const known = new WeakMap<object, Known>();

/**
 * Latin-1 text up to and with `content-length: `. Throws a TypeError for a header that is the client's own, is no token, or has
 * a value that could end its line.
 */
export function requestHead(
  target: Target,
  headers: Readonly<Record<string, string>>,
  userAgent: string,
  method: 'POST' | 'GET' = 'POST',
): string {
  if (method === 'GET') return build(target, headers, userAgent, method);
  const found = known.get(headers);
  if (found !== undefined && found.target === target) return found.text;
  const text = build(target, headers, userAgent, method);
  if (Object.isFrozen(headers)) known.set(headers, { target, text });
  return text;
}

function build(
  target: Target,
  headers: Readonly<Record<string, string>>,
  userAgent: string,
  method: string,
): string {
  let text = `${method} ${target.path} HTTP/1.1\r\nhost: ${target.host}\r\n`;
  let saysAgent = false;
  let saysAccept = false;
  let isAuthorized = false;
  for (const name in headers) {
    const value = headers[name] ?? '';
    checkHeader(name, value);
    const lower = name.toLowerCase();
    // Compressed answers cost a stage of their own; who sends them all the same is understood (`decoding.ts`).
    if (lower === 'accept-encoding') continue;
    if (lower === 'user-agent') saysAgent = true;
    if (lower === 'accept') saysAccept = true;
    if (lower === 'authorization') isAuthorized = true;
    text += `${name}: ${value}\r\n`;
  }
  if (!isAuthorized && target.authorization !== null) text += `authorization: ${target.authorization}\r\n`;
  if (!saysAccept) text += 'accept: */*\r\n';
  if (!saysAgent) text += `user-agent: ${userAgent}\r\n`;
  return `${text}accept-encoding: identity\r\ncontent-length: `;
}

/** Throws a TypeError that names the header and never its value. */
export function checkHeader(name: string, value: string): void {
  if (!TOKEN.test(name)) throw new TypeError('A header has a name that is no token');
  if (OURS.test(name.toLowerCase())) throw new TypeError(`The header ${name} is set by the client itself`);
  if (!VALUE.test(value))
    throw new TypeError(`The header ${name} has a value with characters that cannot be sent`);
}
