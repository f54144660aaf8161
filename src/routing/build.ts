/** What routing remembers of endpoints and keys, and who is told when one of them sits out. */
import { EndpointHealth } from './health.ts';
import { type ProbeServices, Probes } from './probes.ts';
import { StickyEndpoints } from './sticky.ts';
import { type BackNews, type BenchNews, Ways } from './ways.ts';

export interface Routing {
  readonly health: EndpointHealth;
  readonly ways: Ways;
  readonly sticky: StickyEndpoints;
  /** Under way: to be stopped. */
  readonly probes: Probes;
}

/** `onBenched`, `onBack`: for the figures, and for whoever wants to hear of it. */
export function buildRouting({
  onBenched,
  onBack,
  hasOutages,
  ...services
}: Omit<ProbeServices, 'ways'> & {
  readonly onBenched: (news: BenchNews) => void;
  readonly onBack: (news: BackNews) => void;
  /** Whether an outage was told whose end was not: then every answer is of interest, also where nobody sits out in this process. */
  readonly hasOutages: () => boolean;
}): Routing {
  const { logger } = services;
  const ways = new Ways(
    (news) => {
      logger.warn('credential_benched', fieldsOf(news));
      onBenched(news);
    },
    onBack,
    hasOutages,
  );
  const health = new EndpointHealth((candidate, nowMs) => ways.isOut(candidate, nowMs));
  const probes = new Probes({ ...services, ways });
  probes.start();
  return { ways, health, probes, sticky: new StickyEndpoints() };
}

function fieldsOf({ provider, credential, model, reason, forMs, isSaid, error }: BenchNews) {
  return {
    ...{ provider, reason },
    credential_id: credential ?? 'of a user',
    model: model ?? 'all',
    seconds: Math.ceil(forMs / 1000),
    decided_by: isSaid ? 'provider' : 'gateway',
    status: error?.status ?? null,
    // Of the operator's account, what the provider says is for the operator.
    ...(error?.fault === 'account' && credential !== null ? { detail: error.detail } : {}),
  };
}
