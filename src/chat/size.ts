/** What the size of a request says about its price. */
export interface RequestSize {
  /** No prompt has more tokens than this; null when only the model's context bounds it (a file by URL). */
  readonly promptTokensBound: number | null;
  readonly imageCount: number;
  /** `n`. */
  readonly choices: number;
  /** The client's own output cap. */
  readonly maxTokens: number | null;
  /** How many prompts there are, each of which may fill the context; one unless told. */
  readonly promptCount?: number;
}
