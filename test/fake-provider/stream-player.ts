// Plays the frames of a stream into a connection: paced, no faster than the client reads, with faults on the way.
import type { Frame } from './completions.ts';
import type { Connection } from './connection.ts';
import type { Behaviour } from './faults.ts';
import type { Piece } from './generation.ts';
import type { Pacer } from './pacer.ts';

const BATCH_BYTES = 64 * 1024;
const SPLIT_PAUSE_MS = 3;

export interface StreamEvents {
  onPiece(piece: Piece): void;
  onEnd(ended: 'complete' | 'fault'): void;
}

function lineEndOf(behaviour: Behaviour): string {
  if (behaviour.crlf === true) return '\r\n';
  return behaviour.cr === true ? '\r' : '\n';
}

function httpChunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** Two parts, cut after the first byte of the first multi-byte character. */
function splitInCharacter(bytes: Buffer): Buffer[] {
  const at = bytes.findIndex((byte) => byte >= 0xc0);
  return at < 0 ? [bytes] : [bytes.subarray(0, at + 1), bytes.subarray(at + 1)];
}

/** Returns how to stop the play, for when the client left. The response head must have been written. */
export function playStream(
  connection: Connection,
  frames: Iterator<Frame, void, undefined>,
  behaviour: Behaviour,
  pacer: Pacer,
  events: StreamEvents,
): () => void {
  const delayMs = behaviour.chunkDelayMs ?? 0;
  const lineEnd = lineEndOf(behaviour);
  const hangAfter = behaviour.hang === 'mid-stream' ? (behaviour.hangAfterChunks ?? 1) : undefined;
  const mayFault = [hangAfter, behaviour.resetAfterChunks, behaviour.truncateAfterChunks].some(
    (after) => after !== undefined,
  );
  let piecesSent = 0;
  let dueAt = performance.now();
  let waiting: Frame | undefined;
  let parts: Buffer[] = [];
  let cancelTimer: (() => void) | undefined;
  let isStopped = false;
  let isHeld = behaviour.holdUntil !== undefined && behaviour.holdAfterChunks !== undefined;

  const later = (at: number) => {
    cancelTimer = pacer.at(at, pump);
  };

  /** Ends the play if a fault is due before the next frame. */
  const isFaultDue = (next: string): boolean => {
    if (piecesSent === behaviour.resetAfterChunks) {
      connection.reset();
    } else if (piecesSent === behaviour.truncateAfterChunks) {
      const chunk = httpChunk(Buffer.from(next));
      connection.write(chunk.subarray(0, Math.ceil(chunk.length / 2)));
      connection.end();
    } else {
      // A hang ends when the client gives up, which the connection reports.
      return piecesSent === hangAfter;
    }
    isStopped = true;
    events.onEnd('fault');
    return true;
  };

  const goOn = () => {
    isHeld = false;
    pump();
  };

  const sendPart = () => {
    const part = parts.shift();
    if (part !== undefined) connection.write(httpChunk(part));
    if (behaviour.onebyte === true) setImmediate(pump);
    else later(performance.now() + SPLIT_PAUSE_MS);
  };

  const complete = () => {
    isStopped = true;
    connection.write('0\r\n\r\n');
    connection.whenDrained(() => {
      events.onEnd(behaviour.errorAfterChunks === undefined ? 'complete' : 'fault');
      connection.finish();
    });
  };

  /** Writes frames until it must wait: for the pace, for the client to read, or for other streams' turn. */
  const pump = (): void => {
    if (isStopped) return;
    if (!connection.isDrained) return connection.whenDrained(pump);
    if (parts.length > 0) return sendPart();
    let batch: string[] = [];
    let batchBytes = 0;
    const flush = () => {
      connection.write(batch.join(''));
      batch = [];
    };
    for (;;) {
      // A frame that was put off for the pace is due now.
      const isDue = waiting !== undefined;
      const frame = waiting ?? frames.next().value;
      waiting = undefined;
      if (frame === undefined) {
        flush();
        return isFaultDue(`data: ${lineEnd}`) ? undefined : complete();
      }
      if (
        isHeld &&
        piecesSent === behaviour.holdAfterChunks &&
        (frame.piece !== undefined || piecesSent > 0)
      ) {
        flush();
        waiting = frame;
        void behaviour.holdUntil?.then(goOn);
        return;
      }
      const comment = behaviour.comments === true ? `: keep-alive${lineEnd}${lineEnd}` : '';
      const text = `${comment}data: ${frame.data}${lineEnd}${lineEnd}`;
      if (frame.piece !== undefined || piecesSent > 0) {
        const isWaitNeeded = frame.piece !== undefined && piecesSent > 0 && delayMs > 0 && !isDue;
        if (isWaitNeeded) {
          flush();
          waiting = frame;
          // From the due time, not from now, so that a late tick does not slow the stream down.
          dueAt = Math.max(dueAt + delayMs, performance.now() - delayMs);
          return later(dueAt);
        }
        if (mayFault) {
          flush();
          if (isFaultDue(text)) return;
        }
      }
      if (frame.piece !== undefined) {
        piecesSent += 1;
        events.onPiece(frame.piece);
      }
      if (behaviour.onebyte === true || behaviour.splitUtf8 === true) {
        const bytes = Buffer.from(text);
        parts =
          behaviour.onebyte === true ? Array.from(bytes, (byte) => Buffer.of(byte)) : splitInCharacter(bytes);
        return sendPart();
      }
      const length = Buffer.byteLength(text);
      batch.push(`${length.toString(16)}\r\n${text}\r\n`);
      batchBytes += length;
      if (batchBytes >= BATCH_BYTES) {
        flush();
        setImmediate(pump);
        return;
      }
    }
  };

  pump();
  return () => {
    isStopped = true;
    cancelTimer?.();
  };
}
