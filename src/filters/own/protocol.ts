/** What the thread for patterns is asked, and what it answers. */

/** As `matchesOf` takes it. */
export interface FindRequest {
  readonly kind: 'find';
  readonly source: string;
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly isEnd: boolean;
}

/** As `Beginning.firstIn` takes it. */
export interface BeginsRequest {
  readonly kind: 'begins';
  readonly patterns: readonly string[];
  readonly text: string;
  readonly from: number;
}

/** As `patternProblem` takes it. */
export interface ProblemRequest {
  readonly kind: 'problem';
  readonly source: string;
}

export interface PatternReplies {
  readonly find: readonly number[];
  readonly begins: number;
  readonly problem: string | null;
}

export type PatternRequest = FindRequest | BeginsRequest | ProblemRequest;

/** Without what went wrong: libraries repeat the pattern, or the text, in what they say. */
export type PatternReply =
  | { readonly value: PatternReplies[PatternRequest['kind']] }
  | { readonly failed: true };
