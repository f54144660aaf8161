/**
 * Keeps prompts and answers of the workspaces that ask for it, behind the requests' backs: in memory while they run, in bounds, then
 * sealed into the database. Whatever is too much is dropped and counted; no request waits.
 */
import type { Principal } from '../auth/principal.ts';
import { becomesTrueWithin, type Clock, endsWithin } from '../clock.ts';
import type { JsonObject } from '../json.ts';
import type { Logger } from '../log.ts';
import type { ContentRecordTable } from '../storage/content-tables.ts';
import type { Database } from '../storage/database.ts';
import type { Door } from './asked.ts';
import { ContentKeys, sealContent } from './content-keys.ts';
import { type DropReason, Recording, type RecordingRoom } from './recording.ts';
import { type ContentSetting, isSampled, settingOf } from './setting.ts';
import { insertRecords, listSettings } from './store.ts';

export interface ContentLogOptions {
  readonly database: Database;
  readonly masterKey: Uint8Array;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ContentLimits;
  readonly onDropped: (reason: DropReason) => void;
}

export interface ContentLimits {
  /** False: the operator lets nobody keep content, whatever a workspace says. */
  readonly allowed: boolean;
  /** Bytes of one request and its answer; what is larger is not kept. */
  readonly maxRecordBytes: number;
  /** Bytes of all of them together that are not stored yet. */
  readonly memoryBytes: number;
}

export interface RecordedSender {
  readonly principal: Principal;
  readonly generationId: string;
  readonly attribution: { readonly sessionId: string | null };
}

interface ActiveSetting extends ContentSetting {
  readonly keys: ReadonlySet<string> | null;
}

/** Those that end together are stored together. */
const GATHER_MS = 20;
const MAX_BATCH = 100;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** A database that is away must not keep a process from stopping. */
const STOP_MS = 2000;

export class ContentLog implements RecordingRoom {
  readonly maxRecordBytes: number;
  readonly #options: ContentLogOptions;
  readonly #keys: ContentKeys;
  /** By workspace; those that are switched on. */
  #settings: ReadonlyMap<string, ActiveSetting> = new Map();
  #heldBytes = 0;
  #ended: Recording[] = [];
  #writing: Promise<void> | null = null;
  #reading: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(options: ContentLogOptions) {
    this.#options = options;
    this.maxRecordBytes = options.limits.maxRecordBytes;
    this.#keys = new ContentKeys(options.database.db, options.masterKey);
  }

  get waitingBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Null: this request is not kept. `body` is held as it is and must not be changed; `bytes` is the size of its text. Synchronous: the
   * answer stands on it.
   */
  begin(sender: RecordedSender, door: Door, body: JsonObject, bytes: number): Recording | null {
    if (this.#settings.size === 0) return null;
    const { principal, generationId } = sender;
    const { accountId, workspaceId, keyHash } = principal;
    const setting = workspaceId === null ? undefined : this.#settings.get(workspaceId);
    if (workspaceId === null || setting === undefined || setting.keys?.has(keyHash) === false) return null;
    if (!isSampled(setting, sender.attribution.sessionId, generationId)) return null;
    return new Recording({
      head: { accountId, workspaceId, generationId, startedAtMs: this.#options.clock.nowMs() },
      ...{ door, body, bytes, room: this },
      onEnd: (recording) => this.#add(recording),
      onDrop: this.#options.onDropped,
    });
  }

  /** After a change of any setting, also on another node. Keeps nothing as long as the settings cannot be read. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#reload());
    return this.#reading;
  }

  /** What has ended so far can be read. Resolves too when it cannot be stored for now. */
  async flushed(): Promise<void> {
    const all = [...this.#ended];
    await becomesTrueWithin(() => !all.some((recording) => this.#ended.includes(recording)), STOP_MS);
  }

  async stop(): Promise<void> {
    await becomesTrueWithin(() => this.#ended.length === 0, STOP_MS);
    this.#isStopping = true;
    if (this.#writing !== null) await endsWithin(this.#writing, STOP_MS);
  }

  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#options.limits.memoryBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  async #reload(): Promise<void> {
    const { database, limits, logger } = this.#options;
    // Some may have been emptied: what a key sealed from now on would be unreadable.
    this.#keys.forget();
    if (!limits.allowed) return;
    try {
      const rows = await listSettings(database.db);
      const active = rows.filter(({ enabled }) => enabled === 1);
      this.#settings = new Map(
        active.map((row) => {
          const setting = settingOf(row);
          return [row.workspace_id, { ...setting, keys: setting.keyHashes && new Set(setting.keyHashes) }];
        }),
      );
    } catch (error) {
      this.#settings = new Map();
      logger.warn('content_settings_unread', { error });
      if (!this.#isStopping) setTimeout(() => void this.reload(), FIRST_RETRY_MS).unref();
    }
  }

  #add(recording: Recording): void {
    this.#ended.push(recording);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  async #write(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    await Bun.sleep(GATHER_MS);
    while (this.#ended.length > 0) {
      const batch = this.#ended.slice(0, MAX_BATCH);
      try {
        await this.#store(batch);
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        // A key may be gone; whatever else it was, the next attempt may succeed.
        this.#keys.forget();
        this.#options.logger.warn('content_not_stored', { error, waiting: this.#ended.length });
        if (!this.#isStopping) {
          await Bun.sleep(retryMs);
          retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
          continue;
        }
        for (const _ of batch) this.#options.onDropped('not_stored');
      }
      this.#ended = this.#ended.slice(batch.length);
      for (const recording of batch) recording.release();
    }
  }

  async #store(batch: readonly Recording[]): Promise<void> {
    const rows: ContentRecordTable[] = [];
    for (const recording of batch) {
      const { accountId, workspaceId, generationId, startedAtMs } = recording.head;
      const day = new Date(startedAtMs).toISOString().slice(0, 10);
      const key = await this.#keys.of(accountId, workspaceId, day);
      // Each has a turn of the event loop, so that no stream waits for more than one.
      await new Promise((resolve) => setImmediate(resolve));
      const sealed_content = await sealContent(key, accountId, generationId, recording.content());
      rows.push({ generation_id: generationId, account_id: accountId, key_id: key.id, sealed_content });
    }
    await insertRecords(this.#options.database, rows);
  }
}
