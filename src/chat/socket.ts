/** WebSockets as the rest of the gateway knows them: text frames in, text frames out. `http/server.ts` is what opens them. */

/** One connection, for whoever talks to its client. */
export interface Socket {
  /** False: the client is slower than its source; `onDrain` tells when it has taken everything. */
  send(text: string): boolean;
  close(code: number, reason: string): void;
  /** Without waiting for a client that takes nothing. */
  terminate(): void;
}

/** Made for one connection when its client asks for one. */
export interface SocketHandler {
  onOpen(socket: Socket): void;
  onText(text: string): void;
  /** Frames of bytes, which no client of ours sends. */
  onBytes(): void;
  onDrain(): void;
  /** Nothing is written from now on. */
  onClose(): void;
}
