/** One request that is kept, from its body to the end of its answer: in memory until then, and within the room that there is. */
import type { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { AnswerText } from './answer-text.ts';
import type { Door } from './asked.ts';
import { type Content, type ContentError, contentErrorOf } from './content.ts';

/** Why a request is not kept although its workspace asks for it. */
export type DropReason = 'too_large' | 'no_memory' | 'not_stored';

/** What the recordings of a process share. */
export interface RecordingRoom {
  /** False: there is no room for so many bytes more. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
  readonly maxRecordBytes: number;
}

export interface RecordingHead {
  readonly accountId: string;
  readonly workspaceId: string;
  readonly generationId: string;
  readonly startedAtMs: number;
}

/** So much of an answer waits to be read, until its text takes its place: frames are many times as long. */
const UNREAD_CHARACTERS = 64 * 1024;

export class Recording {
  readonly head: RecordingHead;
  readonly #door: Door;
  readonly #body: JsonObject;
  readonly #room: RecordingRoom;
  readonly #onEnd: (recording: Recording) => void;
  readonly #onDrop: (reason: DropReason) => void;
  readonly #text: AnswerText | null;
  #unread: string[] = [];
  #unreadCharacters = 0;
  #heldBytes = 0;
  #isReading = false;
  #hasEnded = false;
  #error: ContentError | null = null;

  constructor(options: {
    head: RecordingHead;
    door: Door;
    body: JsonObject;
    bytes: number;
    room: RecordingRoom;
    /** Called once, unless it is dropped. */
    onEnd: (recording: Recording) => void;
    onDrop: (reason: DropReason) => void;
  }) {
    this.head = options.head;
    this.#door = options.door;
    this.#body = options.body;
    this.#room = options.room;
    this.#onEnd = options.onEnd;
    this.#onDrop = options.onDrop;
    this.#text = options.door === 'openai-embeddings' ? null : new AnswerText(options.door);
    this.#hold(options.bytes);
  }

  /** As they go to the client: they are read later, when the event loop has nothing of the client's to do. */
  addFrames(frames: string): void {
    if (this.#hasEnded || !this.#hold(frames.length)) return;
    this.#unread.push(frames);
    this.#unreadCharacters += frames.length;
    if (this.#unreadCharacters < UNREAD_CHARACTERS || this.#isReading) return;
    this.#isReading = true;
    setImmediate(() => {
      this.#isReading = false;
      this.#read();
    });
  }

  /** The answer, whole. */
  whole(body: JsonObject): void {
    if (this.#hasEnded) return;
    const before = this.#text?.characters ?? 0;
    this.#text?.addWhole(body);
    if (this.#hold((this.#text?.characters ?? 0) - before)) this.end();
  }

  /** Nothing was answered. What reached no provider left no generation, and nothing to keep its content for. */
  failed(error: TurnpikeError): void {
    if (this.#hasEnded) return;
    if (error.headers['x-generation-id'] === undefined) {
      this.#hasEnded = true;
      this.release();
      return;
    }
    this.#error = contentErrorOf(error);
    this.end();
  }

  /** The last frame was handed over, or the client left. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnd(this);
  }

  /** All of it; once it has ended. */
  content(): Content {
    this.#read();
    const spoken = this.#text?.spoken();
    const { error: late = null, ...answer } = spoken ?? { error: null };
    return {
      door: this.#door,
      body: this.#body,
      answer: spoken === undefined || this.#error !== null ? null : (answer as Content['answer']),
      error: this.#error ?? (late === null ? null : { ...late, ...UNKNOWN_PROVIDER }),
    };
  }

  /** It is stored, or given up. */
  release(): void {
    this.#room.giveBack(this.#heldBytes);
    this.#heldBytes = 0;
    this.#unread = [];
  }

  #read(): void {
    const unread = this.#unread;
    if (unread.length === 0 || this.#text === null) return;
    const before = this.#text.characters;
    this.#unread = [];
    for (const frames of unread) this.#text.addFrames(frames);
    const freed = this.#unreadCharacters - (this.#text.characters - before);
    this.#unreadCharacters = 0;
    if (freed <= 0 || this.#heldBytes === 0) return;
    this.#heldBytes -= freed;
    this.#room.giveBack(freed);
  }

  #hold(bytes: number): boolean {
    const isTooLarge = this.#heldBytes + bytes > this.#room.maxRecordBytes;
    if (!isTooLarge && this.#room.take(bytes)) {
      this.#heldBytes += bytes;
      return true;
    }
    this.#hasEnded = true;
    this.release();
    this.#onDrop(isTooLarge ? 'too_large' : 'no_memory');
    return false;
  }
}

const UNKNOWN_PROVIDER = { provider_name: null, raw: null, previous_errors: [] };
