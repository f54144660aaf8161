/** Which context a request belongs to: found again by comparing, so that a request writes only what is its own. */
import type { GenerationStart, ScopeRef } from './generation.ts';
import { contextOf, type SpendContext } from './spend-record.ts';

/** A context and, where the journal has it in the segment that is being written, the number of its record. */
export interface WrittenContext {
  readonly context: SpendContext;
  seq: number;
}

/** A key that speaks through more apps and endpoints at a time writes some contexts again. */
const CONTEXTS_A_KEY = 16;

interface Entry extends WrittenContext {
  readonly start: GenerationStart;
}

export class SpendContexts {
  #byKey = new Map<string, Entry[]>();
  #segmentStart = 0;

  /**
   * The context of a request that is about to be sent.
   * @param segmentStart of the segment being written. Contexts of earlier ones are forgotten, so a segment's length bounds what
   * is kept.
   */
  of(start: GenerationStart, scopes: readonly ScopeRef[], segmentStart: number): WrittenContext {
    if (segmentStart !== this.#segmentStart) {
      this.#byKey = new Map();
      this.#segmentStart = segmentStart;
    }
    let entries = this.#byKey.get(start.key_hash);
    if (entries === undefined) {
      entries = [];
      this.#byKey.set(start.key_hash, entries);
    }
    for (const entry of entries) {
      if (isOf(entry.start, start) && areSame(entry.context.scopes, scopes)) return entry;
    }
    const entry = { start, context: contextOf(start, scopes), seq: 0 };
    if (entries.length === CONTEXTS_A_KEY) entries.shift();
    entries.push(entry);
    return entry;
  }
}

/** What differs most often comes first. */
function isOf(known: GenerationStart, start: GenerationStart): boolean {
  return (
    known.endpoint_tag === start.endpoint_tag &&
    known.model === start.model &&
    known.provider_slug === start.provider_slug &&
    known.user_agent === start.user_agent &&
    known.app_title === start.app_title &&
    known.http_referer === start.http_referer &&
    known.app_categories === start.app_categories &&
    known.router === start.router &&
    known.api_type === start.api_type &&
    known.door === start.door &&
    known.is_byok === start.is_byok &&
    known.account_id === start.account_id &&
    known.workspace_id === start.workspace_id &&
    known.external_user === start.external_user &&
    known.model_permaslug === start.model_permaslug &&
    known.provider_name === start.provider_name
  );
}

function areSame(some: readonly ScopeRef[], others: readonly ScopeRef[]): boolean {
  return (
    some === others ||
    (some.length === others.length &&
      some.every(([kind, id], index) => kind === others[index]?.[0] && id === others[index]?.[1]))
  );
}
