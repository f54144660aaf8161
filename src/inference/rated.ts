/** What a request takes of the rates of its caller, before it may cost anything. */
import type { Principal } from '../auth/principal.ts';
import type { RateHold } from '../limits/rates/rate-hold.ts';
import { type Rates, ratesOver } from '../limits/rates/rates.ts';
import { tokensOf } from '../metering/estimate.ts';
import type { Candidate } from '../routing/plan.ts';
import type { Job } from './steps.ts';

/** Null: nothing limits how often the caller may ask. A promise: other nodes count too, and have to be asked. Throws a 429. */
export function ratedBy(
  rates: Rates,
  defaultMaxTokens: number,
  job: Job<never>,
  mayServe: readonly Candidate[],
  principal: Principal,
): RateHold | Promise<RateHold> | null {
  const from = ratesOver(principal);
  if (from === null) return null;
  const { size } = job.request;
  let [wantedTokens, overhead, context] = [0, 0, 0];
  for (const { endpoint } of mayServe) {
    wantedTokens = Math.max(wantedTokens, endpoint.maxCompletionTokens ?? defaultMaxTokens);
    overhead = Math.max(overhead, job.promptOverheadTokens(endpoint));
    context = Math.max(context, endpoint.contextLength * (size.promptCount ?? 1));
  }
  const promptTokens = Math.min(context, tokensOf(job.promptBytes));
  const bound = size.promptTokensBound === null ? context : size.promptTokensBound + overhead;
  return rates.take(from, {
    modelIds: new Set(mayServe.map(({ model }) => model.id)),
    promptTokensBound: Math.max(promptTokens, Math.min(bound, context)),
    promptTokens,
    maxTokens: size.maxTokens,
    wantedTokens: size.maxTokens ?? wantedTokens,
    choices: size.choices,
  });
}

/** What fails before the request is sent takes nothing of its rates. */
export async function releasing<T>(rate: RateHold | null, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    rate?.release();
    throw thrown;
  }
}
