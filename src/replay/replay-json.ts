/** What a replay tells. */
import { isoFromMs } from '../clock.ts';
import { usdFromNanoUsd } from '../money.ts';
import type { ReplayAnswer } from './answers.ts';
import type { Count } from './past.ts';
import type { Replayed } from './run.ts';

/** Of lists that could be as long as there are keys. */
const MOST_LISTED = 100;

export function replayJson({
  replay,
  startMs,
  endMs,
  isTruncated,
  owners,
  policy,
  budget,
}: Replayed): ReplayAnswer {
  const nameOf = (hash: string) => owners.get(hash)?.name ?? null;
  const { outcomes } = replay;
  return {
    from: isoFromMs(startMs),
    until: isoFromMs(endMs),
    truncated: isTruncated,
    ...countJson(replay.all),
    unchanged: countJson(outcomes.unchanged),
    rerouted: countJson(outcomes.rerouted),
    refused: countJson(outcomes.refused),
    unknown: countJson(outcomes.unknown),
    by_rule: [...replay.byRule]
      .map(([rule, count]) => ({ rule, ...countJson(count) }))
      .sort((one, other) => other.requests - one.requests),
    by_model: mostRefused(replay.byModel, (model) => ({ model })),
    by_key: mostRefused(replay.byKey, (hash) => ({ key_hash: hash, key_name: nameOf(hash) })),
    budgets: replay.reached.slice(0, MOST_LISTED).map((reached) => ({
      holder: reached.holder,
      holder_id: reached.holderId,
      holder_name: reached.holder === 'key' ? nameOf(reached.holderId) : null,
      window: reached.windowId,
      since: isoFromMs(reached.sinceMs),
      spent_usd: usdFromNanoUsd(reached.spentNanoUsd),
      refused: countJson(reached.refused),
    })),
    not_replayed: [
      ...(policy.filters.length > 0 || policy.answerFilters.length > 0 ? [NO_PROMPTS] : []),
      ...(policy.regions === null ? [] : [NO_REGIONS]),
      ...(budget?.window === 'all' ? [FROM_ZERO] : []),
    ],
  };
}

const NO_PROMPTS = { what: 'content_filters', why: 'prompts are not kept, so that none can be searched' };
const NO_REGIONS = { what: 'allowed_data_regions', why: 'the host that a request came through is not kept' };
const FROM_ZERO = {
  what: 'limit_usd',
  why: 'a budget without an interval is counted from the first day of the replay',
};

function countJson({ requests, costNanoUsd }: Count) {
  return { requests, cost_usd: usdFromNanoUsd(costNanoUsd) };
}

function mostRefused<T>(
  counts: ReadonlyMap<string, { readonly all: Count; readonly refused: Count }>,
  named: (name: string) => T,
) {
  return [...counts]
    .sort(
      ([, one], [, other]) =>
        other.refused.requests - one.refused.requests || other.all.requests - one.all.requests,
    )
    .slice(0, MOST_LISTED)
    .map(([name, { all, refused }]) => ({ ...named(name), ...countJson(all), refused: countJson(refused) }));
}
