// Reads HTTP/1.1 requests off a raw socket. Only what a well-behaved client sends: the gateway's fetch, curl, SDKs.
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly keepsAlive: boolean;
}

interface Head {
  readonly method: string;
  readonly path: string;
  readonly headers: Map<string, string>;
  readonly keepsAlive: boolean;
  /** Bytes of body, or undefined for a chunked one. */
  readonly length: number | undefined;
}

const EMPTY = Buffer.alloc(0);

function readHead(text: string): Head {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const [method = '', path = '', version = ''] = requestLine.split(' ');
  if (!version.startsWith('HTTP/1.')) throw new Error('not HTTP/1');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error('bad header line');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const old = headers.get(name);
    headers.set(name, old === undefined ? value : `${old}, ${value}`);
  }
  const isChunked = headers.get('transfer-encoding')?.toLowerCase().includes('chunked') === true;
  const connection = headers.get('connection')?.toLowerCase();
  const length = Number(headers.get('content-length') ?? 0);
  if (!Number.isSafeInteger(length) || length < 0) throw new Error('bad content-length');
  const keepsAlive = version === 'HTTP/1.1' ? connection !== 'close' : connection === 'keep-alive';
  return { method, path, headers, keepsAlive, length: isChunked ? undefined : length };
}

export class HttpParser {
  #parts: Buffer[] = [];
  #size = 0;
  #head: Head | undefined;
  #chunks: Buffer[] = [];
  /** Called when the client waits for leave to send its body. */
  readonly #onExpectContinue: () => void;

  constructor(onExpectContinue: () => void) {
    this.#onExpectContinue = onExpectContinue;
  }

  push(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
  }

  /** The next whole request, or undefined until more bytes come. Throws on what is not HTTP. */
  next(): HttpRequest | undefined {
    if (this.#head === undefined) {
      const bytes = this.#joined();
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      this.#consume(end + 4);
      this.#head = readHead(bytes.toString('latin1', 0, end));
      if (this.#head.headers.get('expect')?.toLowerCase() === '100-continue') this.#onExpectContinue();
    }
    const head = this.#head;
    const body = head.length === undefined ? this.#chunkedBody() : this.#sizedBody(head.length);
    if (body === undefined) return undefined;
    this.#head = undefined;
    return { method: head.method, path: head.path, headers: head.headers, keepsAlive: head.keepsAlive, body };
  }

  #sizedBody(length: number): Buffer | undefined {
    if (this.#size < length) return undefined;
    const body = this.#joined().subarray(0, length);
    this.#consume(length);
    return body;
  }

  #chunkedBody(): Buffer | undefined {
    for (;;) {
      const bytes = this.#joined();
      const lineEnd = bytes.indexOf('\r\n');
      if (lineEnd < 0) return undefined;
      const size = Number.parseInt(bytes.toString('latin1', 0, lineEnd), 16);
      if (!(size >= 0)) throw new Error('bad chunk size');
      if (bytes.length < lineEnd + 2 + size + 2) return undefined;
      this.#chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
      this.#consume(lineEnd + 2 + size + 2);
      if (size > 0) continue;
      const body = Buffer.concat(this.#chunks);
      this.#chunks = [];
      return body;
    }
  }

  #joined(): Buffer {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? EMPTY;
  }

  #consume(count: number): void {
    const rest = this.#joined().subarray(count);
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
  }
}
