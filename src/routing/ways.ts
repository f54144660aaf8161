/**
 * With which key an endpoint is called now, and whether it should be: keys that were refused sit out, an endpoint that hangs is not
 * waited for, and a backend with a queue takes so many at once. Memory of this process.
 */
import type { Endpoint, Model, Provider } from '../catalogue/model.ts';
import type { ProviderError } from '../providers/provider-error.ts';
import { ONLY_KEY } from '../providers/provider-key.ts';
import { BackendQueue } from './backend-queue.ts';
import { type Benched, Benches, type BenchReason } from './benches.ts';
import type { Credential } from './credential.ts';
import { FAULTS, faultOf } from './faults.ts';
import { HangWatch, SURELY_MS, type Waiting } from './hang-watch.ts';
import { type Affinity, type KeyUse, KeyUses, pickKey } from './keys.ts';
import type { Candidate } from './plan.ts';

/** Somebody sits out from now on, or for longer. */
export interface BenchNews {
  readonly provider: string;
  /** The operator's id of it; null: somebody's own. */
  readonly credential: string | null;
  /** Null: at every endpoint of the provider. */
  readonly model: string | null;
  readonly reason: BenchReason;
  readonly forMs: number;
  readonly isSaid: boolean;
  /** Null: nobody answered anything. */
  readonly error: ProviderError | null;
  /** Of somebody's own key; null: it is the operator's. */
  readonly ownKeyId: string | null;
}

/** Somebody who sat out has answered. */
export type BackNews = Pick<BenchNews, 'provider' | 'credential' | 'model'>;

/** A key at an endpoint, under names that a catalogue which is built anew knows again. */
interface WayState {
  readonly name: string;
  readonly keyName: string;
  readonly provider: string;
  readonly model: string;
  readonly credential: Credential | null;
  /** It signs in anew when it is refused, so that it need not sit out for that. */
  readonly renews: boolean;
  /** Null: nobody counts what it has under way. */
  readonly use: KeyUse | null;
  /** An answer that is whole begins when it is done, and is no measure of a stream. Null: somebody's own key, which is not watched. */
  readonly streams: HangWatch | null;
  readonly wholes: HangWatch | null;
}

interface EndpointWays {
  /** One at least. */
  readonly all: readonly WayState[];
  readonly queue: BackendQueue | null;
}

/** Why nobody is asked, and for how long at least. */
export interface Out {
  readonly waitMs: number;
  readonly reason: BenchReason | 'full';
}

/** One request on its way to a provider, from when its key is chosen until its answer is over. */
export class Way implements Waiting {
  /** With the key that it goes out with, where there are several. */
  readonly candidate: Candidate;
  readonly queue: BackendQueue | null;
  sentAtMs: number;
  readonly #ways: Ways;
  readonly #state: WayState;
  readonly #watch: HangWatch | null;
  #isOver = false;
  /** It takes one of the queue's places. */
  holdsPlace = false;

  constructor(
    ways: Ways,
    state: WayState,
    candidate: Candidate,
    queue: BackendQueue | null,
    isStream: boolean,
  ) {
    this.#ways = ways;
    this.#state = state;
    this.#watch = isStream ? state.streams : state.wholes;
    this.candidate = candidate;
    this.queue = queue;
    this.sentAtMs = 0;
  }

  sent(nowMs: number): void {
    this.sentAtMs = nowMs;
    this.#watch?.sent(this);
  }

  /** Its answer has begun. */
  answered(nowMs: number): void {
    this.#watch?.answered(this, nowMs);
    this.#ways.answered(this.#state, this.sentAtMs, nowMs);
  }

  failed(error: ProviderError, nowMs: number): void {
    this.#watch?.ended(this);
    this.#ways.failed(this.#state, error, this.sentAtMs, nowMs);
    this.over();
  }

  /** Its caller left before it was answered. */
  left(nowMs: number): void {
    this.#watch?.ended(this);
    this.#ways.left(this.#state, this.sentAtMs, nowMs);
    this.over();
  }

  /** Nothing more of it comes. */
  over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#state.use?.end();
    if (this.holdsPlace) this.queue?.leave();
  }
}

export class Ways {
  readonly #benches = new Benches();
  readonly #uses = new KeyUses();
  readonly #endpoints = new WeakMap<Endpoint, EndpointWays>();
  readonly #states = new Map<string, WayState>();
  readonly #queues = new Map<string, BackendQueue>();
  readonly #onBenched: (news: BenchNews) => void;
  readonly #onBack: (news: BackNews) => void;
  readonly #wantsEveryAnswer: () => boolean;
  #turn = 0;

  /** `wantsEveryAnswer`: whether `onBack` is to be told of every answer, also where nobody sat out in this process. */
  constructor(
    onBenched: (news: BenchNews) => void = () => {},
    onBack: (news: BackNews) => void = () => {},
    wantsEveryAnswer: () => boolean = () => false,
  ) {
    this.#onBenched = onBenched;
    this.#onBack = onBack;
    this.#wantsEveryAnswer = wantsEveryAnswer;
  }

  /** Null: nobody may be asked there now. `affinity` is asked where there are several keys. */
  enter(candidate: Candidate, isStream: boolean, affinity: () => Affinity, nowMs: number): Way | null {
    const { all, queue } = this.#of(candidate);
    const [first] = all;
    if (first === undefined) return null;
    if (first.use === null) {
      if (!this.#mayEnter(first, isStream, nowMs)) return null;
      return new Way(this, first, candidate, queue, isStream);
    }
    const state = this.#pick(all, isStream, affinity, nowMs);
    return state === null ? null : this.#begin(state, candidate, queue, isStream, nowMs);
  }

  /** Where nobody else can serve: what is a guess of ours is tried before its time, by one request. */
  enterAnyway(candidate: Candidate, isStream: boolean, nowMs: number): Way | null {
    const { all, queue } = this.#of(candidate);
    const open = all.filter(
      (state) => (state.use?.fullForMs(nowMs) ?? 0) === 0 && this.#mayTry(state, isStream, nowMs),
    );
    for (const state of open) {
      // A hang is a guess of its own: as long as it is not sure, requests go there as before.
      const isUnsure = this.#benches.of(state.name, nowMs)?.reason === 'hanging';
      if (!this.#benches.enterAnyway(state.keyName, nowMs)) continue;
      if (!isUnsure && !this.#benches.enterAnyway(state.name, nowMs)) continue;
      return this.#begin(state, candidate, queue, isStream, nowMs);
    }
    return null;
  }

  /** Null: somebody may be asked there. */
  out(candidate: Candidate, nowMs: number): Out | null {
    let least: Out | null = null;
    for (const state of this.#of(candidate).all) {
      const out = this.#outOf(state, nowMs);
      if (out === null) return null;
      if (least === null || out.waitMs < least.waitMs) least = out;
    }
    return least;
  }

  /** The same, for the order of endpoints: nearly always nobody sits out. */
  isOut(candidate: Candidate, nowMs: number): boolean {
    return this.#benches.size > 0 && this.out(candidate, nowMs) !== null;
  }

  /** Of a provider with several keys, the one that something beside a request is asked with; null: the only one. */
  anyCredential(candidate: Candidate, nowMs: number): Credential | null {
    const { all } = this.#of(candidate);
    return (all.find((state) => this.#outOf(state, nowMs) === null) ?? all[0])?.credential ?? null;
  }

  answered(state: WayState, sentAtMs: number, nowMs: number): void {
    if (this.#benches.size === 0 && !this.#wantsEveryAnswer()) return;
    this.#heard(state, false, sentAtMs, nowMs);
    this.#heard(state, true, sentAtMs, nowMs);
  }

  /** An answer came by this key, at this endpoint or (`isKey`) at any: the bench may be over, be forgotten, or be another process'. */
  #heard(state: WayState, isKey: boolean, sentAtMs: number, nowMs: number): void {
    const name = isKey ? state.keyName : state.name;
    const isBack =
      this.#benches.reasonOf(name) === null
        ? this.#wantsEveryAnswer()
        : this.#benches.answered(name, sentAtMs, nowMs);
    if (isBack) this.#onBack(backNews(state, isKey));
  }

  /** It came to nothing, and nobody's fault: whoever waits for what becomes of it may go ahead. */
  left({ name, keyName }: WayState, sentAtMs: number, nowMs: number): void {
    if (this.#benches.size === 0) return;
    this.#benches.released(name, sentAtMs, nowMs);
    this.#benches.released(keyName, sentAtMs, nowMs);
  }

  failed(state: WayState, error: ProviderError, sentAtMs: number, nowMs: number): void {
    const { benches } = FAULTS[faultOf(error)];
    // Whoever answers with something else refuses for that no more.
    if (!error.hasAnswered) this.left(state, sentAtMs, nowMs);
    else if (benches === null) this.answered(state, sentAtMs, nowMs);
    else if (benches.who === 'endpoint') this.#heard(state, true, sentAtMs, nowMs);
    if (benches === null || (state.renews && error.fault === 'account')) return;
    const isKey = benches.who === 'key';
    const { retryAfterSeconds } = error;
    const failure = { reason: benches.reason, retryAfterSeconds, sentAtMs };
    const bench = this.#benches.failed(isKey ? state.keyName : state.name, failure, nowMs);
    this.#tell(state, isKey, bench, error, nowMs);
  }

  /** What a probe found of a provider as a whole: nobody asks it until the next one, unless nobody else can serve. */
  probed(provider: Provider, isUp: boolean, nextMs: number, nowMs: number): void {
    const ids = provider.keys === undefined ? [ONLY_KEY] : provider.keys.map(({ id }) => id);
    for (const id of ids) {
      const name = keyNameOf(provider.slug, id);
      if (!isUp) this.#benches.unreachable(name, nowMs + nextMs, nowMs);
      else if (this.#benches.reasonOf(name) === 'unreachable') this.#benches.clear(name);
    }
  }

  /** How many sit out now, for the figures. */
  sittingOut(nowMs: number): number {
    return this.#benches.size === 0 ? 0 : this.#benches.all(nowMs).length;
  }

  /** Of one key of the operator's: whether it sits out everywhere, and at which models it does; and what it has under way. */
  keyView(provider: Provider, id: string, nowMs: number): KeyView {
    const keyName = keyNameOf(provider.slug, id);
    const models = this.#benches.all(nowMs).flatMap(({ name, bench }) => {
      const state = this.#states.get(name);
      return state?.keyName === keyName ? [{ model: state.model, bench }] : [];
    });
    const use = this.#uses.of(provider).find((one) => one.id === id);
    return { bench: this.#benches.of(keyName, nowMs), models, inFlight: use?.inFlight ?? null };
  }

  /** A provider that has another key: what was said to the old one is of no concern to the new one. */
  forgive(slug: string): void {
    for (const { name, keyName, provider } of this.#states.values()) {
      if (provider !== slug) continue;
      this.#benches.clear(name);
      this.#benches.clear(keyName);
    }
  }

  /** Null: it has none. */
  queueOf({ slug }: Provider): BackendQueue | null {
    return this.#queues.get(slug) ?? null;
  }

  #of(candidate: Candidate): EndpointWays {
    const { model, endpoint, credential } = candidate;
    if (credential !== undefined) return ownWays(model, endpoint, credential);
    const known = this.#endpoints.get(endpoint);
    if (known !== undefined) return known;
    const uses = this.#uses.of(endpoint.provider);
    const all =
      uses.length === 0
        ? [this.#state(model, endpoint, null)]
        : uses.map((use) => this.#state(model, endpoint, use));
    const made = { all, queue: this.#makeQueue(endpoint.provider) };
    this.#endpoints.set(endpoint, made);
    return made;
  }

  #state(model: Model, endpoint: Endpoint, use: KeyUse | null): WayState {
    const { slug, identity } = endpoint.provider;
    const id = use?.id ?? ONLY_KEY;
    const name = `${model.id} ${endpoint.tag} ${id}`;
    const known = this.#states.get(name);
    if (known !== undefined && known.use === use) return known;
    const made: WayState = {
      ...{ name, use, provider: slug, model: model.id, keyName: keyNameOf(slug, id) },
      credential: use?.credential ?? null,
      renews: identity !== undefined,
      streams: new HangWatch(),
      wholes: new HangWatch(),
    };
    this.#states.set(name, made);
    return made;
  }

  #makeQueue({ slug, queue }: Provider): BackendQueue | null {
    if (queue === undefined) return null;
    const known = this.#queues.get(slug) ?? new BackendQueue(queue);
    this.#queues.set(slug, known);
    return known;
  }

  #pick(
    all: readonly WayState[],
    isStream: boolean,
    affinity: () => Affinity,
    nowMs: number,
  ): WayState | null {
    const open = all.filter(isUsed).filter((state) => this.#outOf(state, nowMs) === null);
    if (open.length === 0) return null;
    this.#turn += 1;
    let left: readonly UsedState[] = open;
    while (left.length > 0) {
      const picked = pickKey(left, left.length === 1 ? ANY : affinity(), this.#turn);
      if (picked === null) return null;
      if (this.#mayEnter(picked, isStream, nowMs)) return picked;
      left = left.filter((state) => state !== picked);
    }
    return null;
  }

  #begin(
    state: WayState,
    { model, endpoint, credential }: Candidate,
    queue: BackendQueue | null,
    isStream: boolean,
    nowMs: number,
  ): Way {
    state.use?.begin(nowMs);
    const chosen = credential ?? state.credential;
    const candidate = chosen === null ? { model, endpoint } : { model, endpoint, credential: chosen };
    return new Way(this, state, candidate, queue, isStream);
  }

  #mayEnter(state: WayState, isStream: boolean, nowMs: number): boolean {
    const { name, keyName } = state;
    if (this.#benches.size > 0) {
      if (this.#benches.of(keyName, nowMs) !== null || this.#benches.of(name, nowMs) !== null) return false;
      const isTrial = this.#benches.reasonOf(name) !== null;
      this.#benches.enter(keyName, nowMs);
      this.#benches.enter(name, nowMs);
      // It goes there to see whether that still hangs.
      if (isTrial) return true;
    }
    const watch = isStream ? state.streams : state.wholes;
    if (watch === null || watch.hangingMs(nowMs) === 0) return true;
    const failure = { reason: 'hanging', retryAfterSeconds: null, sentAtMs: nowMs } as const;
    this.#tell(state, false, this.#benches.failed(name, failure, nowMs), null, nowMs);
    return false;
  }

  /** A hang that is not sure is no reason to refuse a request which nobody else can serve. */
  #mayTry(state: WayState, isStream: boolean, nowMs: number): boolean {
    if (this.#benches.of(state.name, nowMs)?.reason !== 'hanging') return true;
    return ((isStream ? state.streams : state.wholes)?.hangingMs(nowMs) ?? 0) < SURELY_MS;
  }

  #outOf({ name, keyName, use }: WayState, nowMs: number): Out | null {
    const full = use?.fullForMs(nowMs) ?? 0;
    if (full > 0) return { waitMs: full, reason: 'full' };
    if (this.#benches.size === 0) return null;
    const [key, own] = [this.#benches.of(keyName, nowMs), this.#benches.of(name, nowMs)];
    const bench = key === null || (own !== null && own.untilMs > key.untilMs) ? own : key;
    return bench === null ? null : { waitMs: bench.untilMs - nowMs, reason: bench.reason };
  }

  #tell(
    state: WayState,
    isKey: boolean,
    { reason, untilMs, isSaid }: Benched,
    error: ProviderError | null,
    nowMs: number,
  ): void {
    const { credential } = state;
    this.#onBenched({
      ...{ ...backNews(state, isKey), reason, isSaid, error },
      forMs: untilMs - nowMs,
      ownKeyId: credential?.kind === 'byok' ? credential.id : null,
    });
  }
}

function backNews({ provider, credential, model }: WayState, isKey: boolean): BackNews {
  return {
    provider,
    credential: credential === null ? ONLY_KEY : credential.kind === 'operator' ? credential.id : null,
    model: isKey ? null : model,
  };
}

export interface KeyView {
  /** At every endpoint; null: it does not. */
  readonly bench: Benched | null;
  readonly models: readonly { readonly model: string; readonly bench: Benched }[];
  /** Null: nobody counts it. */
  readonly inFlight: number | null;
}

type UsedState = WayState & { readonly use: KeyUse };

function isUsed(state: WayState): state is UsedState {
  return state.use !== null;
}

const ANY: Affinity = { credentialId: null, seed: null };

function keyNameOf(slug: string, id: string): string {
  return `key ${slug} ${id}`;
}

/** Of a key that somebody brought: made for each request, since there may be any number of them. */
function ownWays(model: Model, endpoint: Endpoint, credential: Credential): EndpointWays {
  const { slug } = endpoint.provider;
  const id = `${credential.kind}:${credential.id}${credential.kind === 'byok' ? `@${credential.version}` : ''}`;
  const state: WayState = {
    ...{ name: `${model.id} ${endpoint.tag} ${id}`, keyName: keyNameOf(slug, id) },
    ...{ provider: slug, model: model.id, credential, use: null, streams: null, wholes: null },
    renews: false,
  };
  return { all: [state], queue: null };
}
