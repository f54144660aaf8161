/** What the guardrail operations work with. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../storage/database.ts';

export interface GuardrailServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly catalogue: () => Catalogue;
  /** The gateway's own providers, and those that OpenRouter knows. */
  readonly isProvider: (slug: string) => boolean;
  readonly readJson: (request: Request) => Promise<unknown>;
  /** Makes this process take note of what was changed, as the others soon will. */
  readonly changed: () => Promise<void>;
}

/** Whoever calls: a management key, or an administrator on our pages. */
export interface GuardrailCaller {
  readonly accountId: string;
  readonly userId: string | null;
}
