/** Models that could be had if another provider were switched on: only for saying so in an error. */

import { knownProviders } from './known-providers.ts';
import { loadOffers, loadSources } from './offers.ts';
import { findVariant } from './variants.ts';

export class KnownModels {
  readonly #nowMs: number;
  /** Loaded on the first unknown model, then kept: an error path must not become a way to make the server work. */
  #variablesById: Promise<ReadonlyMap<string, readonly string[]>> | null = null;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** The variables of which one would switch the model on; null: nobody known offers it. */
  async variablesFor(modelId: string): Promise<readonly string[] | null> {
    this.#variablesById ??= load(this.#nowMs);
    const variables = await this.#variablesById;
    const lower = modelId.toLowerCase();
    return findVariant(lower, (id) => variables.get(id) ?? null)?.found ?? null;
  }
}

async function load(nowMs: number): Promise<ReadonlyMap<string, readonly string[]>> {
  const sources = await loadSources(nowMs, null);
  const variables = new Map<string, string[]>();
  for (const known of knownProviders) {
    const [variable] = known.apiKeyVariables;
    if (variable === undefined) continue;
    for (const offer of await loadOffers(known, sources)) {
      const list = variables.get(offer.modelId);
      if (list === undefined) variables.set(offer.modelId, [variable]);
      else list.push(variable);
    }
  }
  return variables;
}
