/** What routing remembers of endpoints and keys, and who is told when one of them sits out. */
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { EndpointHealth } from './health.ts';
import { StickyEndpoints } from './sticky.ts';
import { type BenchNews, Ways } from './ways.ts';

export interface Routing {
  readonly health: EndpointHealth;
  readonly ways: Ways;
  readonly sticky: StickyEndpoints;
}

/** `onBenched`: for the figures. */
export function buildRouting({
  logger,
  onBenched,
}: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onBenched: (news: BenchNews) => void;
}): Routing {
  const ways = new Ways((news) => {
    logger.warn('credential_benched', fieldsOf(news));
    onBenched(news);
  });
  const health = new EndpointHealth((candidate, nowMs) => ways.isOut(candidate, nowMs));
  return { ways, health, sticky: new StickyEndpoints() };
}

function fieldsOf({ provider, credential, model, reason, forMs, isSaid, error }: BenchNews) {
  return {
    ...{ provider, reason },
    credential: credential ?? 'of a user',
    model: model ?? 'all',
    seconds: Math.ceil(forMs / 1000),
    decided_by: isSaid ? 'provider' : 'gateway',
    status: error?.status ?? null,
    // Of the operator's account, what the provider says is for the operator.
    ...(error?.fault === 'account' && credential !== null ? { detail: error.detail } : {}),
  };
}
