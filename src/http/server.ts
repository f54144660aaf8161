/** Bun's HTTP server as the gateway runs it. */
import type { Server, ServerWebSocket, WebSocketHandler } from 'bun';
import type { Socket, SocketHandler } from '../chat/socket.ts';
import { errorResponse } from './envelope.ts';

export type HttpServer = Server<SocketHandler>;

export interface ServerOptions {
  readonly hostname: string;
  readonly port: number;
  readonly slowSenderTimeoutMs: number;
  /** Of one message of a WebSocket, which Bun keeps in memory until it is whole; a longer one ends its connection (1009). */
  readonly maxMessageBytes: number;
  readonly fetch: (request: Request, server: HttpServer) => Response | Promise<Response>;
}

export function startServer({
  hostname,
  port,
  slowSenderTimeoutMs,
  maxMessageBytes,
  fetch,
}: ServerOptions): HttpServer {
  return Bun.serve({
    ...{ hostname, port, fetch },
    // Until a connection's first request is here; from then on it is the client's own idle time-out that counts.
    idleTimeout: Math.ceil(slowSenderTimeoutMs / 1000),
    // Bun's own 413 is bare, so ours comes first. What nobody reads stays in the socket and fills no memory.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    error: errorResponse,
    websocket: { ...SOCKETS, maxPayloadLength: maxMessageBytes },
  });
}

/** A peer that answers no ping for so long is gone. */
const DEAD_PEER_SECONDS = 120;
/** What Bun may keep for a client that takes nothing, before its source is told to wait. */
const FULL_BYTES = 64 * 1024;

const SOCKETS: WebSocketHandler<SocketHandler> = {
  idleTimeout: DEAD_PEER_SECONDS,
  sendPings: true,
  // Frames of a stream are small, and a compressor a connection is large.
  perMessageDeflate: false,
  open: (socket) => socket.data.onOpen(new BunSocket(socket)),
  message: (socket, message) => {
    if (typeof message === 'string') socket.data.onText(message);
    else socket.data.onBytes();
  },
  drain: (socket) => socket.data.onDrain(),
  close: (socket) => socket.data.onClose(),
};

class BunSocket implements Socket {
  readonly #socket: ServerWebSocket<SocketHandler>;

  constructor(socket: ServerWebSocket<SocketHandler>) {
    this.#socket = socket;
  }

  send(text: string): boolean {
    this.#socket.sendText(text);
    return this.#socket.getBufferedAmount() < FULL_BYTES;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
