/** A request that is paid for, on its way: sent to one endpoint after the other until an answer has begun, or settled where none does. */
import type { Model } from '../catalogue/model.ts';
import type { AnswerFacts } from '../chat/answer.ts';
import { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { FreeRequests } from '../limits/free-requests.ts';
import { estimatedUsage } from '../metering/estimate.ts';
import { isFreeVariant } from '../metering/free-variant.ts';
import type { Work } from '../metering/recorder.ts';
import type { BillableUsage } from '../pricing/cost.ts';
import { noticingRefusals } from '../provider-identity/refusals.ts';
import { type AttemptRequest, AttemptsFailed, attempt, type Begun } from '../routing/attempt.ts';
import { isOwn } from '../routing/credential.ts';
import { NO_AFFINITY } from '../routing/keys.ts';
import type { Candidate } from '../routing/plan.ts';
import { Ways } from '../routing/ways.ts';
import { abandon } from './ending.ts';
import type { Asking } from './paying.ts';
import { routerMetadata } from './router-metadata.ts';
import type { Job, Started } from './steps.ts';

/** Rejects with what the caller is told, and then nothing is held any more. */
export async function sent<A extends AnswerFacts>(
  asking: Asking<A>,
  work: Work,
  free: FreeRequests,
): Promise<Started<A>> {
  const { services, job, sender } = asking;
  let sentTo: Candidate | null = null;
  try {
    const candidates = withinFreeLimit(work.planned, free, work.startedAtMs);
    const begun = await attempt<A>(
      attemptOf(asking, work, candidates, (candidate) => {
        sentTo = candidate;
      }),
    );
    const { candidate } = begun;
    const started = { work, begun, remember: rememberOf(asking, work, candidate) };
    return sender.wantsRouting ? { ...started, routing: routingOf(asking, work, begun, candidate) } : started;
  } catch (thrown) {
    const failure = await abandon(services, job, work, sentTo, thrown);
    if (sender.wantsRouting && thrown instanceof AttemptsFailed && failure instanceof TurnpikeError)
      failure.routing = routingOf(asking, work, thrown, null);
    throw failure;
  }
}

/** `onSent`: it is on record that the request goes to this one. */
function attemptOf<A extends AnswerFacts>(
  { services, job, sender, conversation }: Asking<A>,
  work: Work,
  candidates: readonly Candidate[],
  onSent: (candidate: Candidate) => void,
): AttemptRequest<A> {
  const { clock, credentials, health, recorder, sticky, stopping, availabilityDocsUrl } = services;
  const { maxTokens, isScarce } = work.admission;
  /** The provider that is signed in to with our own token; null: a key goes with the request. */
  const signedInTo = (candidate: Candidate): string | null => {
    const { identity, slug } = candidate.endpoint.provider;
    return identity === undefined || sender.login !== undefined || isOwn(candidate) ? null : slug;
  };
  return {
    generationId: sender.generationId,
    candidates,
    onSend: async (candidate) => {
      await recorder.opened(work, candidate);
      onSent(candidate);
      const slug = signedInTo(candidate);
      const signingIn = slug === null ? null : credentials.ready(slug);
      if (signingIn !== null) await signingIn;
      job.onSend(candidate, maxTokens);
    },
    send: (candidate, reader) => {
      const slug = signedInTo(candidate);
      const told = slug === null ? reader : noticingRefusals(credentials, slug, reader);
      const exchange = job.send(candidate, maxTokens, told);
      // While the provider is at work: nobody waits for it.
      if (isScarce) job.onScarce?.();
      return exchange;
    },
    onStreamBegun: (candidate) => recorder.progressed(work, candidate, promptOnly(job)),
    stream: job.request.stream,
    signal: sender.signal,
    ...{ stopping, health, availabilityDocsUrl },
    // What becomes of somebody's own login says nothing about the next one's.
    ways: sender.login === undefined ? services.ways : new Ways(),
    affinityOf: (tried) => {
      const turnOf = conversation();
      if (turnOf === null) return NO_AFFINITY;
      const credentialId = sticky.credentialOf(turnOf, tried, clock.nowMs());
      return { credentialId, seed: `${turnOf.accountId} ${turnOf.id}` };
    },
    urgency: sender.urgency,
    party: sender.principal.keyHash,
    nowMs: () => clock.nowMs(),
  };
}

/** Where the conversation goes on; null: there is one endpoint, whatever it has. */
function rememberOf<A extends AnswerFacts>(
  { services: { clock, sticky }, conversation }: Asking<A>,
  { routers }: Work,
  candidate: Candidate,
): Started<A>['remember'] {
  const router = routers?.get(candidate.model);
  const isRouted = router !== undefined && !router.startsWith('~');
  const isOnlyOne = candidate.model.endpoints.length < 2 && candidate.credential === undefined;
  if (isOnlyOne && !isRouted) return null;
  return (cachedTokens) => {
    const turnOf = conversation();
    if (turnOf === null) return;
    sticky.answered(turnOf, candidate, cachedTokens, clock.nowMs());
    if (isRouted) sticky.chose(turnOf, router, candidate.model.id, clock.nowMs());
  };
}

/** What routing did, for a caller who wants to read it. */
function routingOf(
  { job, sender, models }: Asking<never>,
  { planned, routers }: Work,
  { attempts }: Pick<Begun, 'attempts'>,
  selected: Candidate | null,
): JsonObject {
  const endpointCount = models.reduce((sum, { model }) => sum + model.endpoints.length, 0);
  return routerMetadata({
    ...{ candidates: planned, endpointCount, attempts, selected },
    router: routerOf(routers, selected?.model),
    modelIds: job.request.modelIds,
    filters: sender.filters,
  });
}

/** Of a request that nobody has answered: any of those that were asked. */
function routerOf(routers: ReadonlyMap<Model, string> | null, model: Model | undefined): string | null {
  const [any = null] = routers?.values() ?? [];
  return model === undefined ? any : (routers?.get(model) ?? null);
}

/** The least that a request costs once its provider has answered. */
function promptOnly({ promptBytes, request }: Pick<Job<never>, 'promptBytes' | 'request'>): BillableUsage {
  return estimatedUsage(promptBytes, 0, request.size.imageCount);
}

/** Beyond the limit on free models, a request goes on with those it pays for, if it named any. */
function withinFreeLimit(
  candidates: readonly Candidate[],
  free: FreeRequests,
  nowMs: number,
): readonly Candidate[] {
  const paid = candidates.filter(({ model }) => !isFreeVariant(model.id));
  if (paid.length === candidates.length) return candidates;
  try {
    free.take(nowMs);
    return candidates;
  } catch (thrown) {
    if (paid.length === 0) throw thrown;
    return paid;
  }
}
