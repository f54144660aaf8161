/** Many streams held open at once by one client that reads everything and counts the events. */
import type { Socket } from 'bun';
import type { Candidate, Kind } from './candidates.ts';
import { wireRequest } from './load.ts';

/** Opened in waves: a thousand at once would test the accept queue instead. */
const WAVE = 100;
const BEGIN_TIMEOUT_MS = 10_000;
const LINE_FEED = 10;

interface Stream {
  events: number;
  endedInLineFeed: boolean;
}

export class OpenStreams {
  readonly #sockets: Socket<Stream>[] = [];
  #broken = 0;
  #events = 0;

  static async open(candidate: Candidate, kind: Exclude<Kind, 'json'>, count: number): Promise<OpenStreams> {
    const streams = new OpenStreams();
    for (let opened = 0; opened < count; opened += WAVE) {
      await streams.#openWave(candidate, kind, Math.min(WAVE, count - opened));
    }
    return streams;
  }

  /** Of all streams together, since the beginning. */
  get events(): number {
    return this.#events;
  }

  /** Streams that have begun and not ended. */
  get alive(): number {
    return this.#sockets.filter((socket) => socket.data.events > 0).length - this.#broken;
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async #openWave(candidate: Candidate, kind: Exclude<Kind, 'json'>, count: number): Promise<void> {
    const request = wireRequest(candidate, kind);
    const connecting = Array.from({ length: count }, () =>
      Bun.connect<Stream>({
        hostname: '127.0.0.1',
        port: candidate.port,
        data: { events: 0, endedInLineFeed: false },
        socket: {
          data: (socket, bytes) => this.#count(socket.data, bytes),
          close: () => {
            this.#broken += 1;
          },
        },
      }),
    );
    const wave = await Promise.all(connecting);
    this.#sockets.push(...wave);
    for (const socket of wave) socket.write(request);
    const endsAt = performance.now() + BEGIN_TIMEOUT_MS;
    while (wave.some((socket) => socket.data.events === 0) && performance.now() < endsAt) await Bun.sleep(5);
  }

  #count(stream: Stream, bytes: Buffer): void {
    let found = stream.endedInLineFeed && bytes[0] === LINE_FEED ? 1 : 0;
    for (let at = bytes.indexOf('\n\n'); at !== -1; at = bytes.indexOf('\n\n', at + 2)) found += 1;
    stream.endedInLineFeed = bytes.at(-1) === LINE_FEED;
    stream.events += found;
    this.#events += found;
  }
}
