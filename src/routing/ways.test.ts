import { describe, expect, test } from 'bun:test';
import type { Endpoint, Model, Provider } from '../catalogue/model.ts';
import type { ProviderKey } from '../providers/provider-key.ts';
import { endpointOf, modelOf, providerOf } from './__fixtures__/endpoints.ts';
import { refused } from './__fixtures__/scripted.ts';
import { type Affinity, NO_AFFINITY } from './keys.ts';
import { targetOf } from './target.ts';
import { type BenchNews, type Way, Ways } from './ways.ts';

const anyModel = { id: '', canonicalSlug: '' };

const small = modelOf();
const large = modelOf({ id: 'acme/large' });

const key = (id: string, limits: Partial<ProviderKey> = {}): ProviderKey => ({
  ...{ id, apiKey: `secret-of-${id}`, maxConcurrent: null, requestsPerMinute: null },
  ...limits,
});

function world(keys: readonly ProviderKey[] | null, provider: Partial<Provider> = {}) {
  const news: BenchNews[] = [];
  const ways = new Ways((told) => news.push(told));
  const made = providerOf({ apiKey: 'only', ...(keys === null ? {} : { keys }), ...provider });
  const endpoints = new Map<string, Endpoint>();
  const endpointFor = (model: Model) => {
    const known = endpoints.get(model.id) ?? endpointOf({ provider: made });
    endpoints.set(model.id, known);
    return known;
  };
  let nowMs = 1_000_000;
  const enter = (model: Model = small, affinity: Affinity = NO_AFFINITY): Way | null => {
    const way = ways.enter({ model, endpoint: endpointFor(model) }, false, () => affinity, nowMs);
    way?.sent(nowMs);
    return way;
  };
  const idOf = (way: Way | null) => way?.candidate.credential?.id ?? null;
  return {
    ...{ ways, news, provider: made, enter, idOf },
    candidate: (model: Model = small) => ({ model, endpoint: endpointFor(model) }),
    anyway: (model: Model = small) => {
      const way = ways.enterAnyway({ model, endpoint: endpointFor(model) }, false, nowMs);
      way?.sent(nowMs);
      return way;
    },
    fail: (way: Way | null, status: number, retryAfterSeconds: number | null = null) =>
      way?.failed(refused(status, { retryAfterSeconds, hasAnswered: true }), nowMs),
    answer: (way: Way | null) => way?.answered(nowMs),
    pass: (ms: number) => {
      nowMs += ms;
    },
    now: () => nowMs,
  };
}

describe('a provider with one key', () => {
  test('is called with no credential of a pool, and costs no memory of one', () => {
    const { enter } = world(null);
    expect(enter()?.candidate).not.toHaveProperty('credential');
  });

  test('sits out for as long as its 429 says, at that model alone', () => {
    const { enter, fail, pass } = world(null);
    fail(enter(), 429, 30);
    pass(29_999);
    expect([enter(), enter(large)]).toEqual([null, expect.anything()]);
    pass(1);
    expect(enter()).not.toBeNull();
  });

  test('sits out everywhere when its key is refused', () => {
    for (const status of [401, 402]) {
      const { enter, fail, news } = world(null);
      fail(enter(), status);
      expect([enter(), enter(large)]).toEqual([null, null]);
      expect(news).toMatchObject([
        { provider: 'acme', credential: 'default', model: null, reason: 'refused', isSaid: false },
      ]);
    }
  });

  test('that may not use one model may use another', () => {
    const { enter, fail } = world(null);
    fail(enter(), 403);
    expect([enter(), enter(large)]).toEqual([null, expect.anything()]);
  });

  test('is not blamed for what is the caller’s fault, nor for being broken', () => {
    for (const status of [400, 404, 413, 422, 500, 503, 529]) {
      const { enter, fail, news } = world(null);
      fail(enter(), status);
      expect([enter() === null, news]).toEqual([false, []]);
    }
  });

  test('is found again, benched as before, in a catalogue that was built anew', () => {
    const { ways, enter, fail, provider, now } = world(null);
    fail(enter(), 429, 30);
    const anew = { model: modelOf(), endpoint: endpointOf({ provider: { ...provider } }) };
    expect(ways.enter(anew, false, () => NO_AFFINITY, now())).toBeNull();
  });
});

describe('of several keys', () => {
  test('each gets its turn, and the one with the least under way comes first', () => {
    const { enter, idOf } = world([key('a'), key('b'), key('c')]);
    const ways = Array.from({ length: 9 }, () => enter());
    const counts = Map.groupBy(ways.map(idOf), (id) => id);
    expect([...counts.values()].map((group) => group.length)).toEqual([3, 3, 3]);
    for (const way of ways) if (idOf(way) === 'b') way?.over();
    expect([enter(), enter(), enter()].map(idOf)).toEqual(['b', 'b', 'b']);
  });

  test('the key that goes out is the one whose turn it is, and headers are made once for each', () => {
    const { enter, candidate } = world([key('a'), key('b')]);
    const target = targetOf(candidate().endpoint);
    const credentials = [enter(), enter()].map((way) => way?.candidate.credential);
    expect(new Set(credentials.map((one) => one?.apply(target, anyModel)?.apiKey))).toEqual(
      new Set(['secret-of-a', 'secret-of-b']),
    );
    expect(credentials[0]?.apply(target, anyModel)).toBe(
      credentials[0]?.apply(target, anyModel) as typeof target,
    );
  });

  test('one that was refused sits out, and the endpoint only when all do', () => {
    const { enter, fail, idOf, ways, candidate, now } = world([key('a'), key('b')]);
    const first = enter();
    fail(first, 429, 60);
    expect(new Set([enter(), enter(), enter()].map(idOf)).size).toBe(1);
    expect(ways.isOut(candidate(), now())).toBe(false);
    fail(enter(), 401);
    expect([enter(), ways.isOut(candidate(), now())]).toEqual([null, true]);
    expect(ways.out(candidate(), now())).toEqual({ waitMs: 15_000, reason: 'refused' });
  });

  test('a limit of its own keeps a key from more at once, or in a minute', () => {
    const { enter, idOf, ways, candidate, now } = world([key('a', { maxConcurrent: 2 })]);
    const [first] = [enter(), enter()];
    expect([enter(), ways.out(candidate(), now())]).toEqual([null, { waitMs: 1000, reason: 'full' }]);
    first?.over();
    first?.over();
    expect([idOf(enter()), enter()]).toEqual(['a', null]);

    const slow = world([key('a', { requestsPerMinute: 3 })]);
    for (let at = 0; at < 3; at += 1) slow.enter()?.left(slow.now());
    expect(slow.enter()).toBeNull();
    slow.pass(60_000);
    expect(slow.enter()).not.toBeNull();
  });

  test('a conversation keeps its key, known by name from its first turn on, and shares none out unfairly', () => {
    const keys = [key('a'), key('b'), key('c')];
    const { enter, idOf } = world(keys);
    const turns = (seed: string) =>
      Array.from({ length: 5 }, () => {
        const way = enter(small, { credentialId: null, seed });
        way?.over();
        return idOf(way);
      });
    const by = Array.from({ length: 300 }, (_, at) => new Set(turns(`conversation ${at}`)));
    expect(by.every((ids) => ids.size === 1)).toBe(true);
    const counts = Map.groupBy(
      by.map((ids) => [...ids][0]),
      (id) => id,
    );
    for (const { id } of keys) expect(counts.get(id)?.length ?? 0).toBeGreaterThan(70);
  });

  test('a conversation leaves a key that sits out, and one that is known to be elsewhere goes there', () => {
    const { enter, fail, idOf } = world([key('a'), key('b')]);
    expect(idOf(enter(small, { credentialId: 'b', seed: 'x' }))).toBe('b');
    fail(enter(small, { credentialId: 'b', seed: 'x' }), 429, 60);
    expect(idOf(enter(small, { credentialId: 'b', seed: 'x' }))).toBe('a');
  });

  test('one session for everything does not leave the other keys idle', () => {
    const { enter, idOf } = world([key('a'), key('b')]);
    const ids = Array.from({ length: 60 }, () => idOf(enter(small, { credentialId: 'a', seed: 'all' })));
    const atB = ids.filter((id) => id === 'b').length;
    expect(atB).toBeGreaterThan(15);
    expect(ids.slice(0, 15).every((id) => id === 'a')).toBe(true);
  });

  test('conversations that fall on one key do not pile up there while another has nothing to do', () => {
    const { enter, idOf } = world([key('a'), key('b')]);
    const ids = Array.from({ length: 40 }, () => idOf(enter(small, { credentialId: null, seed: 'same' })));
    const counts = [...Map.groupBy(ids, (id) => id).values()].map((group) => group.length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(5);
  });
});

describe('where nobody else can serve', () => {
  test('what the provider said is kept to, and a guess is tried by one request at a time', () => {
    const said = world(null);
    said.fail(said.enter(), 429, 30);
    expect(said.anyway()).toBeNull();

    const guessed = world(null);
    guessed.fail(guessed.enter(), 429);
    const trial = guessed.anyway();
    expect([trial === null, guessed.anyway()]).toEqual([false, null]);
    guessed.answer(trial);
    expect([guessed.enter() === null, guessed.enter() === null]).toEqual([false, false]);
  });

  test('a trial that meets with something else has shown that nothing is refused any more', () => {
    for (const status of [400, 404, 500, 403]) {
      const { enter, fail, anyway } = world(null);
      fail(enter(), 401);
      fail(anyway(), status);
      expect(enter(large)).not.toBeNull();
    }
  });

  test('a trial whose caller left makes way for another', () => {
    const { enter, fail, anyway, now } = world(null);
    fail(enter(), 401);
    anyway()?.left(now());
    expect(anyway()).not.toBeNull();
  });
});

describe('an endpoint that hangs', () => {
  function hanging(keys: readonly ProviderKey[] | null = null) {
    const all = world(keys);
    for (let at = 0; at < 10; at += 1) {
      const way = all.enter();
      all.pass(20);
      all.answer(way);
      way?.over();
    }
    const caught = [all.enter(), all.enter(), all.enter()];
    all.pass(800);
    return { ...all, caught };
  }

  test('is left alone, then tried by one request at a time, and is back with the first answer', () => {
    const { enter, pass, answer, news } = hanging();
    expect([enter(), enter()]).toEqual([null, null]);
    expect(news).toMatchObject([{ reason: 'hanging', credential: 'default', model: 'acme/small' }]);
    pass(5000);
    const trial = enter();
    expect([trial === null, enter()]).toEqual([false, null]);
    answer(trial);
    expect([enter() === null, enter() === null]).toEqual([false, false]);
  });

  test('is not mistaken for another model of the same provider', () => {
    const { enter } = hanging();
    expect(enter()).toBeNull();
    expect(enter(large)).not.toBeNull();
  });

  test('is asked as before where nobody else can serve, until the silence has lasted half a minute', () => {
    const { enter, anyway, pass, answer, caught } = hanging();
    expect(enter()).toBeNull();
    expect([anyway() === null, anyway() === null]).toEqual([false, false]);
    pass(30_000);
    enter();
    expect(anyway()).toBeNull();
    answer(caught[0] ?? null);
    expect(enter()).not.toBeNull();
  });

  test('with one key of several leaves the others to serve', () => {
    const all = world([key('a'), key('b')]);
    for (let at = 0; at < 20; at += 1) {
      const way = all.enter();
      all.pass(20);
      all.answer(way);
      way?.over();
    }
    for (let at = 0; at < 6; at += 1) {
      const way = all.enter();
      if (all.idOf(way) === 'b') {
        all.answer(way);
        way?.over();
      }
    }
    all.pass(800);
    const ids = Array.from({ length: 10 }, () => {
      const way = all.enter();
      all.answer(way);
      way?.over();
      return all.idOf(way);
    });
    expect(new Set(ids)).toEqual(new Set(['b']));
  });
});

test('a key that somebody brought sits out by itself, and the operator’s goes on', () => {
  const { ways, candidate, enter, news, now } = world(null);
  const own = (id: string) => ({
    ...candidate(),
    credential: {
      ...({ kind: 'byok', id, provider: 'one', section: 'prioritised', isRequired: false } as const),
      ...{ version: 1, declaredZdr: null, models: null },
      apply: (target: ReturnType<typeof targetOf>) => target,
    },
  });
  const ask = (id: string) => ways.enter(own(id), false, () => NO_AFFINITY, now());
  const way = ask('one');
  way?.sent(now());
  way?.failed(refused(401, { hasAnswered: true }), now());
  expect([ask('one'), ask('two') === null, enter() === null]).toEqual([null, false, false]);
  expect(news).toMatchObject([{ credential: null }]);
});

test('what signs in anew when it is refused does not sit out for that', () => {
  const identity = { exchange: 'openai' } as Provider['identity'] & object;
  const { enter, fail } = world(null, { identity });
  fail(enter(), 401);
  expect(enter()).not.toBeNull();
  fail(enter(), 429, 9);
  expect(enter()).toBeNull();
});
