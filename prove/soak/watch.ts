/** What is measured of a gateway while it runs: memory, descriptors, files, and its own figures. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { residentBytesOf } from '../../bench/process-usage.ts';
import type { GatewayProcess } from '../gateway.ts';
import { type Growth, growthOf, KEPT_FILE, type MemorySample } from './growth.ts';

const SAMPLE_MS = 1000;
/** One in so many also reads the gateway's figures, as a Prometheus would. */
const SCRAPE_EVERY = 5;
/** Opened when they are first needed, and kept: a file of the database, a segment that is being synced, a timer. */
const SPARE_DESCRIPTORS = 8;

/** One process, from its start to its end. */
export interface Life {
  readonly number: number;
  readonly firstRequest: number;
  lastRequest: number;
  /** How it ended; null: it runs. */
  end: string | null;
  readonly descriptorsAtStart: number;
  mostDescriptors: number;
  /** At rest, after its load; null: it was never at rest. */
  descriptorsAtRest: number | null;
  readonly residentAtStart: number;
  residentAtMost: number;
  residentAtEnd: number;
  readonly samples: MemorySample[];
}

export function growthIn(life: Life): Growth {
  return growthOf(life.samples);
}

export class Watch {
  readonly lives: Life[] = [];
  /** The 99th percentile of each reading, in milliseconds. */
  readonly delaysMs: number[] = [];
  scrapes = 0;
  mostJournalBytes = 0;
  mostLogBytes = 0;
  readonly #gateway: GatewayProcess;
  readonly #sent: () => number;
  /** Of `KEPT_FILE`, when it was read last. */
  #kept = '';
  #timer: Timer | null = null;
  #ticks = 0;

  /** `sent`: how many requests there were. */
  constructor(gateway: GatewayProcess, sent: () => number) {
    this.#gateway = gateway;
    this.#sent = sent;
  }

  get life(): Life {
    const life = this.lives.at(-1);
    if (life === undefined) throw new Error('no process was started');
    return life;
  }

  /** The gateway's process has just begun, and nothing was asked of it. */
  began(): void {
    const { pid } = this.#gateway;
    const residentBytes = residentBytesOf(pid);
    const descriptors = descriptorsOf(pid);
    this.lives.push({
      ...{ number: this.lives.length + 1, firstRequest: this.#sent(), lastRequest: this.#sent(), end: null },
      ...{ descriptorsAtStart: descriptors, mostDescriptors: descriptors, descriptorsAtRest: null },
      ...{ residentAtStart: residentBytes, residentAtMost: residentBytes },
      ...{ residentAtEnd: residentBytes, samples: [] },
    });
    this.#timer ??= setInterval(() => this.#tick(), SAMPLE_MS);
  }

  ended(how: string): void {
    this.life.end = how;
    this.life.lastRequest = this.#sent();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Whether all that the load opened is closed again: as many as before there was any. */
  isBackToBase(): boolean {
    const { life } = this;
    life.descriptorsAtRest = descriptorsOf(this.#gateway.pid);
    return life.descriptorsAtRest <= this.descriptorsWithoutLoad + SPARE_DESCRIPTORS;
  }

  /** Of the first process: the later ones meet waiting clients as soon as they listen. */
  get descriptorsWithoutLoad(): number {
    return this.lives[0]?.descriptorsAtStart ?? 0;
  }

  /** The gateway's own figures, by name. */
  async figures(): Promise<ReadonlyMap<string, number>> {
    const answer = await fetch(`${this.#gateway.origin}/metrics`);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    this.scrapes += 1;
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))] as const;
      }),
    );
  }

  journalBytes(): number {
    return bytesIn(join(this.#gateway.dataDir, 'journal'));
  }

  databaseBytes(): number {
    return sizeOf(join(this.#gateway.dataDir, 'turnpike.sqlite'));
  }

  #tick(): void {
    if (!this.#gateway.isRunning || this.life.end !== null) return;
    this.#ticks += 1;
    try {
      this.#sample();
    } catch {
      // It ended between the question and the answer.
    }
    if (this.#ticks % SCRAPE_EVERY === 0) void this.#scrape();
  }

  #sample(): void {
    const { life } = this;
    const { pid } = this.#gateway;
    life.lastRequest = this.#sent();
    life.residentAtEnd = residentBytesOf(pid);
    life.mostDescriptors = Math.max(life.mostDescriptors, descriptorsOf(pid));
    this.mostJournalBytes = Math.max(this.mostJournalBytes, this.journalBytes());
    this.mostLogBytes = Math.max(
      this.mostLogBytes,
      sizeOf(join(this.#gateway.dataDir, 'turnpike.sqlite-wal')),
    );
    life.residentAtMost = Math.max(life.residentAtMost, life.residentAtEnd);
    const keptBytes = this.#keptBytes(pid);
    if (keptBytes !== null) life.samples.push({ requests: life.lastRequest, residentBytes: keptBytes });
  }

  /** What a process has left after collecting all garbage; null: it has not collected any since the last look. */
  #keptBytes(pid: number): number | null {
    const path = join(this.#gateway.options.directory, KEPT_FILE);
    const kept = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const [from, , bytes] = kept.split(' ');
    if (kept === this.#kept || bytes === undefined || from !== String(pid)) return null;
    this.#kept = kept;
    return Number(bytes);
  }

  async #scrape(): Promise<void> {
    const figures = await this.figures().catch(() => null);
    const delay = figures?.get('turnpike_event_loop_delay_seconds{quantile="0.99"}');
    if (delay !== undefined) this.delaysMs.push(delay * 1000);
  }
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Files may go while they are counted. */
function bytesIn(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + sizeOf(join(directory, name)), 0);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
