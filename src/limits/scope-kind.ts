/**
 * What a kind of scope is: a limit that requests count against. One file a kind, in scope-kinds/; the composition root lists
 * them, in the order in which they refuse.
 */
import type { Principal } from '../auth/principal.ts';
import type { CreditTotals } from '../credits/credits.ts';
import type { ErrorCode } from '../errors.ts';
import type { NanoUsd } from '../money.ts';
import type { ChangeSubject } from '../storage/changes.ts';
import type { Db } from '../storage/database.ts';
import type { WindowKind } from '../window.ts';

export interface ScopeLimit {
  /** Null: no limit; what is spent is counted all the same. */
  readonly limitNanoUsd: NanoUsd | null;
  readonly windowKind: WindowKind;
  /** Whether what went through the caller's own provider keys counts too. */
  readonly countsByok: boolean;
  /**
   * Of a limit that several keys carry in their snapshots: grows with each of its changes, so that a key with an older snapshot
   * does not bring an older limit back.
   */
  readonly version?: number;
  /** What callers know it by, where a refusal names it: a workspace's name, a tag. */
  readonly of?: string;
  /** Of a kind whose ids do not tell it: the workspace whose limit it is. */
  readonly workspaceId?: string;
}

export interface ScopeRule extends ScopeLimit {
  readonly id: string;
}

/** A scope that a request counts against: `key`, `account`, … and its id. */
export type ScopeRef = readonly [kind: string, id: string];

/** How a kind says no. */
export interface Refusal {
  readonly code: ErrorCode;
  /** `metadata.limit_source`, on which programs branch. */
  readonly limitSource: string;
  /** `metadata.scope`. */
  readonly scope: string;
  /** The phrase that people and old clients look for; `window` is total, daily, weekly, monthly or longer. */
  readonly headline: (window: string, limit: ScopeLimit) => string;
  readonly remedy: string;
  /** Whether being below zero refuses even what costs nothing. */
  readonly blocksFreeWhenNegative: boolean;
}

/** One key, with its children; or all keys that a member made, of a workspace's default guardrail those in the workspace. */
export type ScopeHolders =
  | { readonly keyHash: string }
  | { readonly userId: string; readonly accountId: string; readonly guardrailId: string };

/** What a stored generation says of whom it counts against. */
export interface GenerationOwner {
  readonly accountId: string;
  readonly keyHash: string;
  /** Null: of none, or of a version that did not count workspaces yet. */
  readonly workspaceId: string | null;
}

export interface ScopeKind {
  /** As in `usage_window.scope_kind`. */
  readonly kind: string;
  /**
   * Whether a scope of this kind belongs to one key, and is forgotten with it when that and all that count against it are idle, or is
   * shared by several and stays in memory.
   */
  readonly lifetime: 'key' | 'shared';
  readonly refusal: Refusal;
  /** No limit of this kind ever counts what went through callers' own provider keys. Absent: some do. */
  readonly ignoresByok?: true;
  /** What the change feed names when a limit of this kind changes: the scope's own id, or `scope` with `scopeName` as its id. */
  readonly changedBy: ChangeSubject;
  /** Where the change feed names something else: whether the limit of a scope, as it was known, may have changed with it. */
  readonly isTouched?: (subjectId: string, scopeId: string, limit: ScopeLimit) => boolean;
  /**
   * Only of a kind that every request counts against: its scopes, told by the generation's row. They are the first of this kind that a
   * record names; whatever follows is another's. A generation's other scopes are stored beside it, in `generation_scope`.
   */
  readonly scopesOfRow?: (generation: GenerationOwner) => readonly string[];
  /**
   * Of a kind whose scopes begin to apply, and cease to, while keys spend: whose spend a scope limits. Whatever these have spent since its
   * windows began counts in it, however late it came to apply.
   */
  readonly holdersOf?: (scopeId: string) => ScopeHolders;
  /**
   * Of a kind whose scopes each count in windows of one kind for ever, which their ids tell. Absent: each counts in all common
   * kinds of windows, because its limit may move between them.
   */
  readonly windowKindOf?: (scopeId: string) => WindowKind;
  /**
   * Of a kind whose scopes every request counts in, of which only those with a limit are held: all that this caller's records name. The
   * flush counts what is spent in them, so that one whose limit is set later knows what was spent before.
   */
  readonly namedFor?: (principal: Principal) => readonly string[];
  /**
   * The scopes of this kind that this caller's requests count against, from memory alone. `principal.version` must grow with
   * every change of what this reads.
   *
   * A request counts in those scopes that applied when it was admitted, until it ends and whatever crashes in between: what was
   * held before a scope began to apply is never part of it, and what was held under a scope that no longer applies still is. A
   * kind that wants to count what runs when its limit is set gives a rule without a limit beforehand, as keys do.
   */
  rulesFor(principal: Principal, credits: CreditTotals): readonly ScopeRule[];
  /**
   * Of a kind that requests count against by their tags: its scopes for these, by name, from memory alone, beside those of
   * `rulesFor`.
   */
  rulesForTags?(principal: Principal, tags: ReadonlyMap<string, string>): readonly ScopeRule[];
  /** The limit as the database has it now: a node that takes a lease must not go by what it remembers. Null: gone. */
  readLimit(db: Db, id: string): Promise<ScopeLimit | null>;
}

/** Names a scope among all kinds: in memory, and in the change feed. No kind has a blank in its name. */
export function scopeName(kind: string, id: string): string {
  return `${kind} ${id}`;
}

/** The scopes of this kind whose limits may have changed with what the change feed names, as far as they are among `known`. */
export function* changedScopes(
  { kind, changedBy, isTouched }: ScopeKind,
  subjectId: string,
  known: Iterable<{ readonly kind: string; readonly id: string; readonly limit: ScopeLimit }>,
): Iterable<string> {
  if (isTouched !== undefined) {
    for (const scope of known)
      if (scope.kind === kind && isTouched(subjectId, scope.id, scope.limit)) yield scope.id;
    return;
  }
  const start = scopeName(kind, '');
  if (changedBy !== 'scope') yield subjectId;
  else if (subjectId.startsWith(start)) yield subjectId.slice(start.length);
}
