/** The HTTP server as the gateway runs it. */
import type { Server } from 'bun';
import { errorResponse } from './envelope.ts';

export interface ServerOptions {
  readonly hostname: string;
  readonly port: number;
  readonly slowSenderTimeoutMs: number;
  readonly fetch: (request: Request, server: Server<undefined>) => Response | Promise<Response>;
}

export function startServer({
  hostname,
  port,
  slowSenderTimeoutMs,
  fetch,
}: ServerOptions): Server<undefined> {
  return Bun.serve({
    ...{ hostname, port, fetch },
    // Until a connection's first request is here; from then on it is the client's own idle time-out that counts.
    idleTimeout: Math.ceil(slowSenderTimeoutMs / 1000),
    // Bun's own 413 is bare, so ours comes first. What nobody reads stays in the socket and fills no memory.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    error: errorResponse,
  });
}
