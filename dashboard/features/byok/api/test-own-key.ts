/** Asks the provider whether it takes a key, with a few tokens of its cheapest model. */
import { requestData } from '../../../shared/api/request.ts';

export interface Verdict {
  readonly ok: boolean;
  /** Null: nothing was sent. */
  readonly model: string | null;
  /** The provider's own; null: there was none. */
  readonly status: number | null;
  readonly latency_ms: number | null;
  readonly message: string;
}

export const testOwnKey = (id: string): Promise<Verdict> =>
  requestData<Verdict>('POST', `/api/dashboard/byok/${encodeURIComponent(id)}/test`);
