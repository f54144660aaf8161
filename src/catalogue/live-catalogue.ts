/** The catalogue as it is now: another one takes its place when `turnpike catalogue sync` has written a price list, without a restart. */
import type { Catalogue } from './catalogue.ts';
import type { PriceList } from './price-list.ts';
import { listAtStart, markOfSyncedList, readSyncedList } from './price-list-file.ts';

/** How late a sync may be noticed. */
const LOOK_EVERY_MS = 2000;

export interface LiveCatalogueOptions {
  readonly dataDir: string;
  /** Null: the prices of the data package. */
  readonly build: (prices: PriceList | null) => Promise<Catalogue>;
  readonly onReloaded: (catalogue: Catalogue) => void;
  /** The one before stays in its place. */
  readonly onRefused: (error: unknown) => void;
}

export class LiveCatalogue {
  readonly #options: LiveCatalogueOptions;
  #current: Catalogue;
  #mark: string;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(options: LiveCatalogueOptions, current: Catalogue, mark: string) {
    this.#options = options;
    this.#current = current;
    this.#mark = mark;
  }

  /** Throws PriceListError for a list that cannot be read, and what `build` throws. */
  static async open(options: LiveCatalogueOptions): Promise<LiveCatalogue> {
    const mark = markOfSyncedList(options.dataDir);
    return new LiveCatalogue(options, await options.build(listAtStart(options.dataDir)), mark);
  }

  /** Requests that run keep the endpoints and prices that they began with. */
  get current(): Catalogue {
    return this.#current;
  }

  watch(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Another one by the prices of now, which takes nobody's place yet. */
  async make(): Promise<Catalogue> {
    return await this.#options.build(listAtStart(this.#options.dataDir));
  }

  replace(catalogue: Catalogue): void {
    this.#current = catalogue;
    this.#options.onReloaded(catalogue);
  }

  async look(): Promise<void> {
    const { dataDir, build, onReloaded, onRefused } = this.#options;
    try {
      const mark = markOfSyncedList(dataDir);
      if (mark === this.#mark) return;
      this.#mark = mark;
      const catalogue = await build(readSyncedList(dataDir)?.providers ?? null);
      // Written once more meanwhile: that one's turn is next.
      if (mark !== this.#mark) return;
      this.#current = catalogue;
      onReloaded(catalogue);
    } catch (error) {
      onRefused(error);
    }
  }
}
