/**
 * How many different things one key may call its requests: figures have a row for each, so whoever sends another app or another tag
 * with every request gets one row that says `other`, not a row a request. Counted in memory, by key and UTC day, in the process that
 * flushes: a restart counts anew, and several nodes count each their own.
 */
import type { UsageSeriesTable } from '../storage/figure-tables.ts';
import { type Tag, tagsFrom } from './tags.ts';
import { type AppLabel, type Series, withLabels } from './usage-hours.ts';

export const MOST = {
  /** Names of tags. */
  names: 30,
  /** Values of one name. */
  values: 100,
  apps: 100,
  /** Of an app and tags together. */
  combinations: 1000,
} as const;

/** In the place of what came too late: the app, the value of a tag, or, as the value of `ANY_TAG`, all tags at once. */
export const OTHER = 'other';
/** No caller can name a tag so. */
export const ANY_TAG = '*';

interface KeyDay {
  readonly values: Map<string, Set<string>>;
  readonly apps: Set<string>;
  readonly combinations: Set<string>;
  /** What was made of a context's series: it goes with it. */
  readonly made: WeakMap<UsageSeriesTable, Map<string, Series>>;
}

const DAY_MS = 86_400_000;

export class Labels {
  /** By day, and by key. */
  readonly #days = new Map<number, Map<string, KeyDay>>();

  /** @param tags as `tagsOf` gave them; `base`: without tags, the same object for the same context. */
  seriesOf(base: UsageSeriesTable, createdAtMs: number, tags: string | null): Series {
    const hasApp = base.app_url !== null || base.app_title !== null;
    const known = this.#keyDay(base.key_hash, Math.floor(createdAtMs / DAY_MS));
    let made = known.made.get(base);
    if (made === undefined) {
      made = new Map();
      known.made.set(base, made);
    }
    // Nothing that the caller chose.
    if (!hasApp && tags === null) return seriesIn(made, '', base, base, []);
    const app = hasApp ? appOf(known, base) : base;
    const kept = tags === null ? [] : keptTags(known, tagsFrom(tags));
    const combination = JSON.stringify([app.app_url, app.app_title, kept]);
    if (isWithin(known.combinations, combination, MOST.combinations))
      return seriesIn(made, combination, base, app, kept);
    const folded = hasApp ? OTHER_APP : app;
    return tags === null
      ? seriesIn(made, 'other', base, folded, [])
      : seriesIn(made, 'other, with tags', base, folded, ALL_OTHER);
  }

  #keyDay(keyHash: string, day: number): KeyDay {
    const oldest = Math.min(...this.#days.keys());
    let keys = this.#days.get(this.#days.size < 2 ? day : Math.max(day, oldest));
    if (keys === undefined) {
      keys = new Map();
      this.#days.set(day, keys);
      // Around midnight two days take turns; what is older is as good as over.
      if (this.#days.size > 2) this.#days.delete(oldest);
    }
    let known = keys.get(keyHash);
    if (known === undefined) {
      known = { values: new Map(), apps: new Set(), combinations: new Set(), made: new WeakMap() };
      keys.set(keyHash, known);
    }
    return known;
  }
}

const OTHER_APP: AppLabel = { app_url: null, app_title: OTHER };
const ALL_OTHER: readonly Tag[] = [[ANY_TAG, OTHER]];

function seriesIn(
  made: Map<string, Series>,
  name: string,
  base: UsageSeriesTable,
  app: AppLabel,
  tags: readonly Tag[],
): Series {
  let series = made.get(name);
  if (series === undefined) {
    series = withLabels(base, app, tags);
    made.set(name, series);
  }
  return series;
}

function appOf({ apps }: KeyDay, base: UsageSeriesTable): AppLabel {
  return isWithin(apps, `${base.app_url}\n${base.app_title}`, MOST.apps) ? base : OTHER_APP;
}

function keptTags({ values }: KeyDay, tags: readonly Tag[]): readonly Tag[] {
  const kept: Tag[] = [];
  for (const [name, value] of tags) {
    let known = values.get(name);
    if (known === undefined) {
      // A name that is left out would look like one that was never told.
      if (values.size >= MOST.names) return ALL_OTHER;
      known = new Set();
      values.set(name, known);
    }
    kept.push([name, isWithin(known, value, MOST.values) ? value : OTHER]);
  }
  return kept;
}

/** Whether a set has it, or has room for it. */
function isWithin(set: Set<string>, text: string, most: number): boolean {
  if (set.has(text)) return true;
  if (set.size >= most) return false;
  set.add(text);
  return true;
}
