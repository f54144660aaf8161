/**
 * The money journal: a local, append-only file in segments. What was appended is durable once `durable()` resolves;
 * many appends share one fdatasync, which runs on the runtime's thread pool and so never stalls a stream.
 */
import * as fs from 'node:fs';
import { TurnpikeError } from '../errors.ts';
import { JournalDamaged } from './damage.ts';
import { type JournalExtent, segmentPath, segmentsIn } from './extent.ts';
import { GIVEN_UP, type JournalRecord, RecordBuffer } from './record.ts';
import { readSegment } from './segment.ts';

const SEGMENT_BYTES = 8 * 1024 * 1024;
/**
 * A segment is written over zeros, of which so many are written at a time: a sync of bytes that the file has already takes two thirds
 * of the time and of the processor that one takes by which the file grows.
 */
const ROOM_BYTES = 256 * 1024;

const ROOM = Buffer.alloc(ROOM_BYTES);

export interface JournalOptions {
  dir: string;
  /** The last sequence number the database has taken over: numbering goes on after it even when every segment is gone. */
  flushedSeq: number;
  /**
   * A write or a sync failed. After a failed fsync the kernel may have dropped the pages, so trying again proves nothing
   * (the PostgreSQL "fsyncgate" of 2018): the owner must stop admitting work and restart from what is on disk.
   */
  onFailure: (cause: unknown) => void;
  segmentBytes?: number;
}

/** The end of a file that a crash left torn, and that is cut off. */
export interface TornTail {
  readonly path: string;
  readonly bytes: number;
}

interface Found {
  readonly segments: number[];
  readonly lastSeq: number;
  readonly replayed: readonly JournalRecord[];
  readonly cutOff: TornTail | null;
}

export class Journal {
  /** Null: there was none. */
  readonly cutOff: TornTail | null;
  /** How many records the database has had of it that are not in it. */
  readonly missing: number;
  /** Everything found on disk, oldest first: also what the database has already, for what comes later may refer to it. */
  readonly replayed: readonly JournalRecord[];
  readonly #options: JournalOptions;
  readonly #segmentBytes: number;
  /** First sequence number of each segment on disk, oldest first; the last is being written. */
  #segments: number[];
  #fd: number;
  /** Of records. */
  #bytes: number;
  /** Of records, and of the zeros that the next ones are written over. */
  #fileBytes = 0;
  /** How much of the segment being written is on disk. */
  #durableBytes = 0;
  /** Bytes were written since the last sync began. */
  #unsynced = false;
  #nextSeq: number;
  /** The newest record that is on disk. */
  #durableSeq: number;
  /** Appended, not written yet. */
  readonly #waiting = new RecordBuffer();
  /** What the end of this turn of the event loop resolves, where somebody waits for it. */
  #nextWrite: Promise<void> | undefined;
  /** What the next sync resolves, where somebody waits for it. */
  #nextSync: PromiseWithResolvers<void> | undefined;
  #committing: Promise<void> | undefined;
  #failure: Error | undefined;

  /** Throws `JournalDamaged`, and changes nothing, when anything is lost that was on disk. */
  static open(options: JournalOptions): Journal {
    fs.mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const segments = segmentsIn(options.dir);
    const replayed: JournalRecord[] = [];
    let lastSeq = 0;
    let cutOff: TornTail | null = null;
    for (const first of segments) {
      const path = segmentPath(options.dir, first);
      const bytes = fs.readFileSync(path);
      const { records, soundBytes, rest, restBytes } = readSegment(bytes, first, options.flushedSeq);
      // Those before the last were synced whole when they were left.
      if (rest === 'damaged' || (rest === 'torn' && first !== segments.at(-1)))
        throw new JournalDamaged(path, soundBytes);
      if (first === segments.at(-1)) finish(path, soundBytes);
      if (rest === 'torn') cutOff = { path, bytes: restBytes };
      for (const record of records) if (record.text !== GIVEN_UP) replayed.push(record);
      lastSeq = first + records.length - 1;
    }
    return new Journal(options, { segments, lastSeq, replayed, cutOff });
  }

  private constructor(options: JournalOptions, { segments, lastSeq, replayed, cutOff }: Found) {
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.replayed = replayed;
    this.cutOff = cutOff;
    this.missing = Math.max(0, options.flushedSeq - lastSeq);
    this.#nextSeq = lastSeq + this.missing + 1;
    this.#durableSeq = this.#nextSeq - 1;
    this.#segments = segments;
    this.#bytes = 0;
    this.#fd = this.#openSegment();
  }

  /** True once a write or sync has failed: nothing more is accepted. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Records that are appended but not yet on disk. */
  get depth(): number {
    return this.#nextSeq - 1 - this.#durableSeq;
  }

  /** The newest record that is on disk. */
  get durableSeq(): number {
    return this.#durableSeq;
  }

  /** The number of the first record of the segment that `append` writes to: what is appended now stands behind it. */
  get segmentStart(): number {
    return this.#segments.at(-1) ?? this.#nextSeq;
  }

  /** What may be read: everything that is on disk, and nothing that a power cut could still take away. */
  extent(): JournalExtent {
    return { dir: this.#options.dir, segments: [...this.#segments], lastBytes: this.#durableBytes };
  }

  /**
   * Queues a record and gives its sequence number. A later `written()` or `durable()` says how far it has come.
   * @param text has no line break; it comes back in `replayed` as it is.
   */
  append(text: string): number {
    if (this.#failure !== undefined) throw this.#failure;
    const seq = this.#nextSeq++;
    this.#waiting.append({ seq, durableSeq: this.#durableSeq, text });
    return seq;
  }

  /**
   * Hands a record, and all that wait before it, to the operating system at once: the death of this process cannot lose it
   * any more, though a power cut can until it is synced.
   */
  write(text: string): number {
    const seq = this.append(text);
    this.#handOver();
    return seq;
  }

  /**
   * Resolves when everything appended so far is with the operating system, as after `write`: at the end of this turn of the
   * event loop, so that all that is appended in it shares one system call. Rejects when the disk fails.
   */
  written(): Promise<void> {
    this.#nextWrite ??= this.#writeAtTurnsEnd();
    return this.#nextWrite;
  }

  /** Resolves when everything appended so far is on disk. Rejects, as every later call does, when the disk failed. */
  durable(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting.count === 0 && !this.#unsynced && this.#committing === undefined)
      return Promise.resolve();
    this.#nextSync ??= Promise.withResolvers<void>();
    const { promise } = this.#nextSync;
    this.#committing ??= this.#commitWaiting();
    return promise;
  }

  /** Deletes the segments whose every record the database holds. */
  trim(throughSeq: number): void {
    while (this.#segments.length > 1 && (this.#segments[1] ?? Number.POSITIVE_INFINITY) <= throughSeq + 1) {
      const [first] = this.#segments;
      if (first !== undefined) fs.rmSync(segmentPath(this.#options.dir, first), { force: true });
      // Only now: what could not be deleted is tried again the next time.
      this.#segments.shift();
    }
  }

  async close(): Promise<void> {
    if (this.#failure === undefined) {
      await this.durable();
      this.#giveRoomBack();
    }
    fs.closeSync(this.#fd);
  }

  async #writeAtTurnsEnd(): Promise<void> {
    await turnsEnd();
    this.#nextWrite = undefined;
    if (this.#failure !== undefined) throw this.#failure;
    this.#handOver();
  }

  /** Takes everything that waits, commits it, and repeats: what arrives during one sync shares the next. No timers. */
  async #commitWaiting(): Promise<void> {
    try {
      // The requests that end in the same turn of the event loop share one write and one sync.
      await turnsEnd();
      while (this.#nextSync !== undefined) {
        const sync = this.#nextSync;
        this.#nextSync = undefined;
        await this.#commit(sync);
      }
    } finally {
      this.#committing = undefined;
    }
  }

  async #commit(sync: PromiseWithResolvers<void>): Promise<void> {
    try {
      this.#handOver();
      if (this.#unsynced) {
        // What is written while the sync runs may not be part of it.
        this.#unsynced = false;
        const throughSeq = this.#nextSeq - 1;
        const throughBytes = this.#bytes;
        await fdatasync(this.#fd);
        this.#durableSeq = throughSeq;
        this.#durableBytes = throughBytes;
      }
      sync.resolve();
      if (this.#bytes >= this.#segmentBytes) this.#rotate();
    } catch (cause) {
      this.fail(cause);
      sync.reject(this.#failure);
    }
  }

  /** Writes what waits. */
  #handOver(): void {
    if (this.#waiting.count === 0) return;
    const bytes = this.#waiting.take();
    try {
      if (this.#bytes + bytes.length > this.#fileBytes) this.#makeRoom(bytes.length);
      let written = 0;
      while (written < bytes.length) {
        const left = bytes.length - written;
        written += fs.writeSync(this.#fd, bytes, written, left, this.#bytes + written);
      }
    } catch (cause) {
      this.fail(cause);
      throw this.#failure;
    }
    this.#bytes += bytes.length;
    this.#unsynced = true;
  }

  /** Writes zeros ahead, in the same call as the records: a write that ran beside theirs could put zeros over them. */
  #makeRoom(bytes: number): void {
    const wantedBytes = this.#bytes + bytes;
    try {
      while (this.#fileBytes < wantedBytes)
        this.#fileBytes += fs.writeSync(this.#fd, ROOM, 0, ROOM.length, this.#fileBytes);
    } catch {
      // The disk may have room for the records all the same; if not, they say so themselves.
      this.#fileBytes = Number.POSITIVE_INFINITY;
    }
  }

  /** Whoever comes next finds a file that ends with its last record. */
  #giveRoomBack(): void {
    fs.ftruncateSync(this.#fd, this.#bytes);
  }

  /** From now on nothing is accepted, and who waits is refused. Also for an owner that has found another reason to end. */
  fail(cause: unknown): void {
    if (this.#failure !== undefined) return;
    const detail = 'the journal could not be written';
    this.#failure = new TurnpikeError('unavailable', { detail, cause, retryAfterSeconds: 1 });
    this.#nextSync?.reject(this.#failure);
    this.#nextSync = undefined;
    this.#waiting.take();
    this.#options.onFailure(cause);
  }

  /** All that was appended stays in the segment that `segmentStart` named then: its owner's records may refer to each other. */
  #rotate(): void {
    this.#handOver();
    this.#giveRoomBack();
    // Rare, and short: what was written since the last sync is little.
    fs.fsyncSync(this.#fd);
    this.#unsynced = false;
    this.#durableSeq = this.#nextSeq - 1;
    fs.closeSync(this.#fd);
    this.#fd = this.#openSegment();
  }

  /** A fresh file whose name is the number of the record that will come first; its directory entry is synced too. */
  #openSegment(): number {
    const { dir } = this.#options;
    const firstSeq = this.#nextSeq;
    const { O_WRONLY, O_CREAT } = fs.constants;
    const fd = fs.openSync(segmentPath(dir, firstSeq), O_WRONLY | O_CREAT, 0o600);
    if (this.#segments.at(-1) !== firstSeq) this.#segments.push(firstSeq);
    this.#bytes = 0;
    this.#fileBytes = 0;
    this.#durableBytes = 0;
    const dirFd = fs.openSync(dir, 'r');
    fs.fsyncSync(dirFd);
    fs.closeSync(dirFd);
    return fd;
  }
}

/**
 * Cuts the torn end off the last segment, and syncs what a killed process may have written and not synced: another segment
 * comes after it now, and what was read must not be missing from it after a power cut.
 */
function finish(path: string, soundBytes: number): void {
  const fd = fs.openSync(path, 'r+');
  fs.ftruncateSync(fd, soundBytes);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

/** After everything that has arrived by now was looked at. */
function turnsEnd(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function fdatasync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(fd, (error) => (error ? reject(error) : resolve()));
  });
}
