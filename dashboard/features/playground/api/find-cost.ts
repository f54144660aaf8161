/** What an answer came to that was stopped: the provider's last word is in the log alone, and a moment later. */
import { requestData } from '../../../shared/api/request.ts';
import type { Usage } from '../answer.ts';

interface Row {
  readonly id: string;
  readonly total_cost: number;
  readonly tokens_prompt: number;
  readonly tokens_completion: number;
  readonly provider_name: string | null;
}

export interface Bill {
  readonly usage: Usage;
  readonly provider: string | null;
}

const LOOKS = 12;
const BETWEEN_MS = 800;

/** Null: it is not in the log, as when it was stopped before any provider had begun. */
export async function findCost(keyHash: string, generationId: string): Promise<Bill | null> {
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    const path = `/api/dashboard/generations?${new URLSearchParams({ api_key_hash: keyHash })}`;
    const row = (await requestData<readonly Row[]>('GET', path)).find(({ id }) => id === generationId);
    if (row === undefined) continue;
    return {
      provider: row.provider_name,
      usage: {
        ...{ cost: row.total_cost, promptTokens: row.tokens_prompt, completionTokens: row.tokens_completion },
        ...{ reasoningTokens: null, cachedTokens: null },
      },
    };
  }
  return null;
}
