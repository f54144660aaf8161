/** What a streamed answer is to whoever sends it on; `http/sse.ts` is the one that does. */

export interface FrameSource {
  /** Sent while nothing else comes. */
  readonly keepAliveFrame: string;
  /** Called once, when the client can be written to. */
  start(sink: FrameSink): void;
  /** The client has taken everything: call after `write` gave false. */
  resume(): void;
  /** Called about every second until the last frame, or until what a client left behind is settled. In the time of `performance.now`. */
  onTick(nowMs: number): void;
  /** The client left, or took nothing for too long. Nothing is written from now on. Resolves when what was begun is settled. */
  cancel(): Promise<void>;
}

export interface FrameSink {
  /** False: the client is slower than its source, which has to wait until `resume`. */
  write(frames: string): boolean;
  end(): void;
}

/** An answer on its way, however it is sent: looked at about every second, in the time of `performance.now`. */
export interface Watched {
  onTick(nowMs: number, limits: WatchLimits): void;
}

export interface WatchLimits {
  /** So long nothing may come, until the client is told that its answer is still to come. */
  readonly keepAliveMs: number;
  /** So long a client may take nothing. */
  readonly writeStallMs: number;
}
