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
import type { TurnpikeError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { FilterReport } from '../filters/outcome.ts';
import type { JsonObject } from '../json.ts';
import type { HoldQueue } from '../limits/hold-queue.ts';
import type { LeaseKeeper } from '../limits/leases/keeper.ts';
import type { Rates } from '../limits/rates/rates.ts';
import type { Wallets } from '../limits/wallets.ts';
import type { Work, WorkRecorder } from '../metering/recorder.ts';
import type { ApiType, Attribution } from '../metering/settle.ts';
import type { ProviderCredentials } from '../provider-identity/provider-credentials.ts';
import type {
  Exchange,
  ProviderAdapter,
  ProviderTarget,
  ProviderTimeouts,
  StreamableReader,
} from '../providers/adapter.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { WireFormat } from '../providers/wire-format.ts';
import type { Begun } from '../routing/attempt.ts';
import type { Urgency } from '../routing/backend-queue.ts';
import type { Credential, OwnCredentials } from '../routing/credential.ts';
import type { EndpointHealth } from '../routing/health.ts';
import { type Candidate, plan } from '../routing/plan.ts';
import { mustComeThrough } from '../routing/policy-refusal.ts';
import type { Conversation, StickyEndpoints } from '../routing/sticky.ts';
import type { Stopping } from '../routing/stopping.ts';
import { targetOf } from '../routing/target.ts';
import type { Ways } from '../routing/ways.ts';
import { type Asker, covered } from './admission.ts';
import { allowedAmong } from './allowed-models.ts';
import { paidByLogin } from './own-login.ts';
import { type Paid, paid } from './paying.ts';
import { nobodyLeft, planRequestOf } from './plan-request.ts';
import { type ModelKind, resolveModels } from './resolve.ts';
import { routed } from './routed.ts';
import { sent } from './sending.ts';

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
  const { catalogue, clock, config, wallets, availabilityDocsUrl } = services;
  const conversation = once(() => job.conversation(sender));
  const known = catalogue();
  const asker = askerOf(services, sender);
  if (asker.policy != null) mustComeThrough(asker.policy, config.dataRegion);
  const { models: named, routers } = await resolveModels(
    known,
    job.request.modelIds,
    availabilityDocsUrl,
    job.kind,
    (router, variant) => routed(services, job, router, variant, conversation, asker),
  );
  const models = allowedAmong(sender.principal, named);
  const ofWallet = wallets.walletFor(sender.principal, sender.attribution.tags);
  const wallet = ofWallet instanceof Promise ? await ofWallet : ofWallet;
  const nowMs = clock.nowMs();
  const planned = plan(planRequestOf(services, job, models, conversation, nowMs, asker));
  if (planned.candidates.length === 0)
    throw nobodyLeft(job, models, planned, asker.policy ?? null, availabilityDocsUrl);
  const mayServe = sender.login === undefined ? planned.candidates : planned.candidates.map(paidByLogin);
  failPoint('before-hold');
  const asking = { services, job, sender, asker, models, conversation, known };
  const paying = paid(asking, mayServe, wallet, nowMs);
  const held = paying instanceof Promise ? await paying : paying;
  failPoint('after-hold');
  return await sent(asking, workOf(job, sender, routers, held), held.wallet.account.free);
}

/** Who pays, what they may use, and what happens when their money is spent. Throws a 503 where their own provider keys are not known. */
function askerOf({ ownKeysOf }: StepServices, { login, principal }: Sender): Asker {
  const own = login === undefined ? ownKeysOf(principal) : null;
  const { policy = null, allowedModels, onExhaust } = principal;
  return { login, own, policy, allowedModels, onExhaust };
}

/** The request as it is recorded, and settled at its end. */
function workOf(
  { apiType, request }: Job<never>,
  { principal, requestId, generationId, attribution, filters }: Sender,
  routers: Work['routers'],
  { admission, rate, mayServe, wallet, startedAtMs, refused }: Paid,
): Work {
  return {
    ...{ principal, requestId, generationId, attribution, apiType, routers, refused, admission, rate },
    streamed: request.stream,
    planned: covered(mayServe, admission),
    scopes: wallet.refs,
    startedAtMs,
    contentFilters: filters === undefined ? null : JSON.stringify(filters),
  };
}

export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
