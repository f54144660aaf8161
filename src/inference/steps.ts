/** One request from beginning to end: resolve, plan, admit, attempt, settle. The only file that orders these steps. */
import type { AdmitKey } from '../auth/authenticate.ts';
import type { ClaudeLogin } from '../auth/claude-login.ts';
import type { Principal } from '../auth/principal.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Endpoint, Model } from '../catalogue/model.ts';
import type { AnswerFacts } from '../chat/answer.ts';
import type { Origin } from '../chat/origin.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { AnyRequest } from '../dialects/dialect.ts';
import { TurnpikeError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { FilterReport } from '../filters/outcome.ts';
import type { JsonObject } from '../json.ts';
import type { FreeRequests } from '../limits/free-requests.ts';
import type { HoldQueue } from '../limits/hold-queue.ts';
import type { LeaseKeeper } from '../limits/leases/keeper.ts';
import type { Rates } from '../limits/rates/rates.ts';
import type { Wallets } from '../limits/wallets.ts';
import { estimatedUsage, tokensOf } from '../metering/estimate.ts';
import { isFreeVariant } from '../metering/free-variant.ts';
import type { Work, WorkRecorder } from '../metering/recorder.ts';
import type { ApiType, Attribution } from '../metering/settle.ts';
import type { Policy } from '../policy/policy.ts';
import type { BillableUsage } from '../pricing/cost.ts';
import type { ProviderCredentials } from '../provider-identity/provider-credentials.ts';
import { noticingRefusals } from '../provider-identity/refusals.ts';
import type {
  Exchange,
  ProviderAdapter,
  ProviderTarget,
  ProviderTimeouts,
  StreamableReader,
} from '../providers/adapter.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { WireFormat } from '../providers/wire-format.ts';
import { AttemptsFailed, attempt, type Begun } from '../routing/attempt.ts';
import type { AttemptRecord } from '../routing/attempt-record.ts';
import type { Urgency } from '../routing/backend-queue.ts';
import { type Credential, isOwn, type OwnCredentials } from '../routing/credential.ts';
import type { EndpointHealth } from '../routing/health.ts';
import { NO_AFFINITY } from '../routing/keys.ts';
import { pinOf, pinRefusal } from '../routing/pin.ts';
import {
  type Candidate,
  noEndpoints,
  type Plan,
  type PlannedModel,
  type PlanRequest,
  plan,
} from '../routing/plan.ts';
import { mustComeThrough, policyRefusal } from '../routing/policy-refusal.ts';
import type { Conversation, StickyEndpoints } from '../routing/sticky.ts';
import type { Stopping } from '../routing/stopping.ts';
import { targetOf } from '../routing/target.ts';
import { Ways } from '../routing/ways.ts';
import {
  type Asker,
  admissionOf,
  admitted,
  covered,
  leasable,
  type MaybeOwnAdmission,
  ownedAmong,
} from './admission.ts';
import { allowedAmong, mayAsk } from './allowed-models.ts';
import { downgradesOf } from './downgrades.ts';
import { abandon } from './ending.ts';
import { loginRefusal, paidByLogin } from './own-login.ts';
import { ratedBy, releasing } from './rated.ts';
import { type ModelKind, resolveModels } from './resolve.ts';
import { routed } from './routed.ts';
import { routerMetadata } from './router-metadata.ts';
import { admittedOtherwise } from './spent.ts';

export interface StepServices {
  /** A function, because another one may take its place while requests run. */
  readonly catalogue: () => Catalogue;
  readonly config: Config;
  readonly clock: Clock;
  readonly wallets: Wallets;
  readonly rates: Rates;
  /** Where several nodes spend from one database. */
  readonly leases: LeaseKeeper | null;
  readonly adapters: Readonly<Record<WireFormat, ProviderAdapter>>;
  /** Of the providers that are signed in to with our own token in the place of a key. */
  readonly credentials: ProviderCredentials;
  /** Keys for providers that callers brought; null: none may serve this one. Throws a 503 where it is not known. */
  readonly ownKeysOf: (principal: Principal) => OwnCredentials | null;
  readonly health: EndpointHealth;
  readonly ways: Ways;
  readonly sticky: StickyEndpoints;
  readonly recorder: WorkRecorder;
  /** Begins when the gateway can wait no longer: what runs is ended and settled as it stands. */
  readonly stopping: Stopping;
  /** Of the page that explains why nobody could serve a request. */
  readonly availabilityDocsUrl: string;
  /** Where requests wait that only others in flight stand in the way of. */
  readonly holdQueue: HoldQueue;
  /** The gates of a key, for those that waited: it may have been revoked meanwhile. */
  readonly admitKey: AdmitKey;
}

export interface Sender {
  readonly principal: Principal;
  readonly requestId: string;
  readonly generationId: string;
  readonly attribution: Attribution;
  /** Aborted when the client of a stream leaves; null: a whole answer runs to its end, for it is paid for in full. */
  readonly signal: AbortSignal | null;
  /** Where requests wait for a backend. */
  readonly urgency: () => Urgency;
  /** What content filters did with the request; absent: none apply to its key. */
  readonly filters?: FilterReport;
  /** The caller wants to read what routing did. */
  readonly wantsRouting: boolean;
  /** The caller's own, which pays for this request in the place of anything of ours. */
  readonly login?: ClaudeLogin;
}

/** Of a sender, what says which conversation goes on. */
export type Turn = Pick<Sender, 'principal'> & {
  readonly attribution: Pick<Attribution, 'sessionId' | 'tags'>;
};

/** What is particular to one request of one kind. */
export interface Job<A extends AnswerFacts> {
  readonly request: AnyRequest;
  readonly kind: ModelKind;
  readonly apiType: ApiType;
  /** What a missing count of the prompt is estimated by. */
  readonly promptBytes: number;
  /** Of what the request gives back to those who sealed it. */
  readonly origins: readonly Origin[];
  /** Whether an endpoint can be told all that the request asks for. */
  honours(endpoint: Endpoint): boolean;
  /** Why an endpoint's provider cannot be told what the request says; null: it can. */
  refusalOf(endpoint: Endpoint): TurnpikeError | null;
  /** The most tokens that an endpoint's vendor adds to the prompt by itself. */
  promptOverheadTokens(endpoint: Endpoint): number;
  /** The most tokens that the prompt can have, at endpoints that have counted how it begins. */
  knownPrompts?(endpoints: readonly Endpoint[], nowMs: number): ReadonlyMap<Endpoint, number>;
  /** The model that answered last, as the request says it; null: it does not. */
  lastModel?(): string | null;
  /** Which conversation the request is a turn of; null: none. */
  conversation(sender: Turn): Conversation | null;
  /** Members that cost money of which nobody knows how much, at these endpoints. */
  unpriced(candidates: readonly Candidate[]): readonly string[];
  /** `maxTokens`: the output cap that was admitted. */
  send(candidate: Candidate, maxTokens: number | null, reader: StreamableReader<A>): Exchange;
  /** Told when the request is on its way, where money is short enough for its prompt's count to matter to the next one. */
  onScarce?(): void;
  /** Told of each endpoint before it is sent the request. */
  onSend(candidate: Candidate, maxTokens: number | null): void;
}

export interface Started<A extends AnswerFacts> {
  readonly work: Work;
  readonly begun: Begun<A>;
  /** Told of a good end, with what of the prompt a cache gave or took; null: there is one endpoint, whatever it has. */
  readonly remember: ((cachedTokens: number) => void) | null;
  /** What routing did; absent: the caller did not ask. */
  readonly routing?: JsonObject;
}

export function timeoutsOf({ limits }: Config): ProviderTimeouts {
  return {
    firstByteMs: limits.firstByteTimeoutMs,
    answerMs: limits.answerTimeoutMs,
    idleMs: limits.idleTimeoutMs,
  };
}

/** Where a call to an endpoint goes, and with which key: one of several, the only one, or what was got in exchange for our own token. */
export function keyedTarget(
  { credentials }: Pick<StepServices, 'credentials'>,
  { model, endpoint, credential }: Candidate,
): ProviderTarget {
  const target = targetOf(endpoint);
  if (credential !== undefined) return credentialTarget(credential, target, model);
  const { identity, slug } = endpoint.provider;
  return identity === undefined ? target : credentials.applied(slug, target);
}

function credentialTarget(credential: Credential, target: ProviderTarget, model: Model): ProviderTarget {
  if (credential.kind === 'operator') return credential.apply(target);
  const own = credential.apply(target, model);
  if (own !== null) return own;
  // Its shape is of another way to this provider than the operator's.
  throw new ProviderError('unreachable', {
    ...{ fault: 'account', neverSent: true },
    message: 'A stored provider key does not fit how this gateway reaches its provider',
  });
}

/** Every step until an answer has begun. A failure of any is settled, or releases what was held, before it is thrown. */
export async function start<A extends AnswerFacts>(
  services: StepServices,
  job: Job<A>,
  sender: Sender,
): Promise<Started<A>> {
  const { catalogue, clock, config, health, leases, recorder, wallets, availabilityDocsUrl } = services;
  const { request } = job;
  const conversation = once(() => job.conversation(sender));
  const known = catalogue();
  const own = sender.login === undefined ? services.ownKeysOf(sender.principal) : null;
  const policy = sender.principal.policy ?? null;
  if (policy !== null) mustComeThrough(policy, config.dataRegion);
  const { allowedModels } = sender.principal;
  const asker: Asker = { login: sender.login, own, policy, allowedModels };
  const { models: named, routers } = await resolveModels(
    known,
    request.modelIds,
    availabilityDocsUrl,
    job.kind,
    (router, variant) => routed(services, job, router, variant, conversation, asker),
  );
  const models = allowedAmong(sender.principal, named);
  const tags = sender.attribution.tags;
  const ofWallet = wallets.walletFor(sender.principal, tags);
  let wallet = ofWallet instanceof Promise ? await ofWallet : ofWallet;
  let startedAtMs = clock.nowMs();
  const planned = plan(planRequestOf(services, job, models, conversation, startedAtMs, asker));
  if (planned.candidates.length === 0) throw nobodyLeft(job, models, planned, policy, availabilityDocsUrl);
  let mayServe = sender.login === undefined ? planned.candidates : planned.candidates.map(paidByLogin);
  failPoint('before-hold');
  const rating = ratedBy(services.rates, config.limits.defaultMaxTokens, job, mayServe, sender.principal);
  const rate = rating instanceof Promise ? await rating : rating;
  if (rate !== null) startedAtMs = rate.atMs;
  const asked = admissionOf(services, job, mayServe, wallet, startedAtMs, sender.login, rate);
  const owned = own === null ? null : ownedAmong(mayServe);
  const leasing = leases?.ensure(leasable(asked, owned));
  if (leasing !== undefined) await releasing(rate, leasing);
  let admission: MaybeOwnAdmission;
  let refused: AttemptRecord | null = null;
  try {
    admission = admitted(asked, owned);
  } catch (refusal) {
    const again = async (candidates: readonly Candidate[]) => {
      // It counts in the windows of the moment in which it is admitted.
      const next = admissionOf(services, job, candidates, wallet, clock.nowMs(), sender.login, rate);
      const nextOwned = own === null ? null : ownedAmong(candidates);
      await leases?.ensure(leasable(next, nextOwned));
      return { admission: admitted(next, nextOwned), wallet, startedAtMs: next.nowMs };
    };
    const otherwise = await releasing(
      rate,
      admittedOtherwise({
        ...{ refusal, models, mayServe },
        candidatesOf: (model) =>
          mayAsk(asker, model) ? insteadOf(services, job, model, conversation, startedAtMs, asker) : [],
        downgrades: downgradesOf(known, sender.principal, job.kind),
        freeWhenSpent: config.budgets.freeWhenSpent,
        admit: again,
        wait: async (held) => {
          const retry = async () => {
            const principal = await services.admitKey(sender.principal.keyHash, 'apiKey');
            wallet = await wallets.walletFor(principal, tags);
            const { admission: waited, startedAtMs: atMs } = await again(mayServe);
            startedAtMs = atMs;
            return waited;
          };
          return {
            admission: await services.holdQueue.admitted(held, retry, sender.signal),
            wallet,
            startedAtMs,
          };
        },
      }),
    );
    ({ admission, mayServe, wallet, startedAtMs, refused } = otherwise);
  }
  failPoint('after-hold');
  const candidates = covered(mayServe, admission);
  const work: Work = {
    principal: sender.principal,
    requestId: sender.requestId,
    generationId: sender.generationId,
    attribution: sender.attribution,
    apiType: job.apiType,
    streamed: request.stream,
    routers,
    refused,
    admission,
    rate,
    planned: candidates,
    scopes: wallet.refs,
    startedAtMs,
    contentFilters: sender.filters === undefined ? null : JSON.stringify(sender.filters),
  };
  const routing = ({ attempts }: Pick<Begun, 'attempts'>, selected: Candidate | null) => {
    const endpointCount = models.reduce((sum, { model }) => sum + model.endpoints.length, 0);
    return routerMetadata({
      ...{ candidates, endpointCount, attempts, selected },
      router: routerOf(routers, selected?.model),
      modelIds: request.modelIds,
      filters: sender.filters,
    });
  };
  let sentTo: Candidate | null = null;
  try {
    const begun = await attempt<A>({
      generationId: sender.generationId,
      candidates: withinFreeLimit(candidates, wallet.account.free, startedAtMs),
      onSend: async (candidate) => {
        await recorder.opened(work, candidate);
        sentTo = candidate;
        const { identity, slug } = candidate.endpoint.provider;
        if (identity !== undefined && sender.login === undefined && !isOwn(candidate)) {
          const signingIn = services.credentials.ready(slug);
          if (signingIn !== null) await signingIn;
        }
        job.onSend(candidate, admission.maxTokens);
      },
      send: (candidate, reader) => {
        const { identity, slug } = candidate.endpoint.provider;
        const told =
          identity === undefined || sender.login !== undefined || isOwn(candidate)
            ? reader
            : noticingRefusals(services.credentials, slug, reader);
        const exchange = job.send(candidate, admission.maxTokens, told);
        // While the provider is at work: nobody waits for it.
        if (admission.isScarce) job.onScarce?.();
        return exchange;
      },
      onStreamBegun: (candidate) => recorder.progressed(work, candidate, promptOnly(job)),
      stream: request.stream,
      signal: sender.signal,
      stopping: services.stopping,
      health,
      // What becomes of somebody's own login says nothing about the next one's.
      ways: sender.login === undefined ? services.ways : new Ways(),
      affinityOf: (tried) => {
        const turnOf = conversation();
        if (turnOf === null) return NO_AFFINITY;
        const credentialId = services.sticky.credentialOf(turnOf, tried, clock.nowMs());
        return { credentialId, seed: `${turnOf.accountId} ${turnOf.id}` };
      },
      urgency: sender.urgency,
      party: sender.principal.keyHash,
      nowMs: () => clock.nowMs(),
      availabilityDocsUrl,
    });
    const { candidate } = begun;
    const shown = sender.wantsRouting ? { routing: routing(begun, candidate) } : NOT_SHOWN;
    const router = routers?.get(candidate.model);
    const isRouted = router !== undefined && !router.startsWith('~');
    const isOnlyOne = candidate.model.endpoints.length < 2 && candidate.credential === undefined;
    if (isOnlyOne && !isRouted) return { work, begun, remember: null, ...shown };
    const remember = (cachedTokens: number) => {
      const turnOf = conversation();
      if (turnOf === null) return;
      services.sticky.answered(turnOf, candidate, cachedTokens, clock.nowMs());
      if (isRouted) services.sticky.chose(turnOf, router, candidate.model.id, clock.nowMs());
    };
    return { work, begun, remember, ...shown };
  } catch (thrown) {
    const failure = await abandon(services, job, work, sentTo, thrown);
    if (sender.wantsRouting && thrown instanceof AttemptsFailed && failure instanceof TurnpikeError)
      failure.routing = routing(thrown, null);
    throw failure;
  }
}

const NOT_SHOWN = {};

/** Of a request that nobody has answered: any of those that were asked. */
function routerOf(routers: ReadonlyMap<Model, string> | null, model: Model | undefined): string | null {
  const [any = null] = routers?.values() ?? [];
  return model === undefined ? any : (routers?.get(model) ?? null);
}

/** Who may serve with another model than was asked for, by the same preferences. */
export function insteadOf(
  services: Pick<StepServices, 'health' | 'sticky'>,
  job: Job<never>,
  model: Model,
  conversation: () => Conversation | null,
  nowMs: number,
  asker: Asker,
): readonly Candidate[] {
  return plan(planRequestOf(services, job, [{ model, variant: null }], conversation, nowMs, asker))
    .candidates;
}

/** What the plan is made of; `explain` asks with the same. `conversation`: looked up only where endpoints are to choose among. */
export function planRequestOf(
  { health, sticky }: Pick<StepServices, 'health' | 'sticky'>,
  job: Job<never>,
  models: readonly PlannedModel[],
  conversation: () => Conversation | null,
  nowMs: number,
  { login, own = null, policy = null }: Asker = {},
): PlanRequest {
  const { preferences, tierWish = null, usedParameters, mediaKinds, size } = job.request;
  return {
    ...{ models, preferences, tierWish, usedParameters, mediaKinds, health, nowMs },
    ...{ own, policy },
    pinnedTo: pinOfJob(job, models),
    maxTokens: size.maxTokens,
    promptTokens: mediaKinds.length > 0 ? 0 : tokensOf(job.promptBytes),
    honours: (endpoint) => job.honours(endpoint),
    refusalOf: (endpoint) =>
      login === undefined ? job.refusalOf(endpoint) : (loginRefusal(endpoint) ?? job.refusalOf(endpoint)),
    stickyTag: (model) => {
      const turnOf = conversation();
      return turnOf === null ? null : sticky.tagOf(turnOf, model.id, nowMs);
    },
    random: Math.random,
  };
}

function pinOfJob({ origins }: Job<never>, models: readonly PlannedModel[]): string | null {
  if (origins.length === 0) return null;
  return pinOf(
    models.map(({ model }) => model),
    origins,
  );
}

/** Why no endpoint may serve, in words for the caller. */
export function nobodyLeft(
  job: Job<never>,
  planned: readonly PlannedModel[],
  { refusal, excluded }: Plan,
  policy: Policy | null,
  docsUrl: string,
): TurnpikeError {
  const forbidden = refusal ?? policyRefusal(policy, excluded);
  if (forbidden !== null) return forbidden;
  const pin = pinOfJob(job, planned);
  if (pin !== null) return pinRefusal(pin, new Set(excluded.map(({ reason }) => reason)));
  return noEndpoints(
    planned.map(({ model }) => model),
    excluded,
    docsUrl,
  );
}

export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The least that a request costs once its provider has answered. */
function promptOnly({ promptBytes, request }: Job<never>): BillableUsage {
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
