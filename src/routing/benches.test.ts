import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Benches, type BenchReason, FORGOTTEN_MS, STEPS_MS, TRIAL_MS } from './benches.ts';

const NAME = 'acme/small acme one';
const rate = (retryAfterSeconds: number | null, sentAtMs: number) =>
  ({ reason: 'rate', retryAfterSeconds, sentAtMs }) as const;

describe('whoever is told how long to wait', () => {
  test('waits for all of it, to the millisecond', () => {
    const benches = new Benches();
    benches.failed(NAME, rate(60, 1000), 1500);
    expect(benches.enter(NAME, 61_499)).toBe(false);
    expect(benches.enterAnyway(NAME, 61_499)).toBe(false);
    expect(benches.enter(NAME, 61_500)).toBe(true);
  });

  test('waits for the longer of two words, whichever came first', () => {
    for (const [first, second] of [
      [1, 30],
      [30, 1],
    ] as const) {
      const benches = new Benches();
      benches.failed(NAME, rate(first, 0), 100);
      benches.failed(NAME, rate(second, 0), 200);
      expect(benches.of(NAME, 29_000)).not.toBeNull();
      expect(benches.of(NAME, 30_300)).toBeNull();
    }
  });

  test('waits no less for one that is silent about it afterwards', () => {
    const benches = new Benches();
    benches.failed(NAME, rate(20, 0), 100);
    expect(benches.failed(NAME, rate(null, 0), 200)).toMatchObject({ isSaid: true, untilMs: 20_100 });
  });
});

describe('when the clock is set back', () => {
  const HOUR_MS = 3_600_000;

  test('nobody sits out for as long as it was, and a trial that fails begins anew', () => {
    const benches = new Benches();
    benches.failed(NAME, rate(60, HOUR_MS), HOUR_MS);
    expect(benches.of(NAME, HOUR_MS + 1)).not.toBeNull();
    expect([benches.of(NAME, 1000), benches.all(1000)]).toEqual([null, []]);
    expect(benches.enter(NAME, 1000)).toBe(true);
    // The others wait for what becomes of it.
    expect(benches.enter(NAME, 1001)).toBe(false);
    expect(benches.failed(NAME, rate(60, 1000), 1010)).toMatchObject({ untilMs: 61_010, isSaid: true });
    expect(benches.enter(NAME, 61_009)).toBe(false);
  });

  test('an answer ends it as ever', () => {
    const benches = new Benches();
    benches.failed(NAME, rate(60, HOUR_MS), HOUR_MS);
    benches.enter(NAME, 1000);
    benches.answered(NAME, 1000, 1100);
    expect(benches.size).toBe(0);
  });
});

describe('whoever is told nothing', () => {
  test.each(Object.entries(STEPS_MS))(
    'waits longer each time for %s, up to a bound',
    (reason, { first, most }) => {
      const benches = new Benches();
      let nowMs = 0;
      const waits: number[] = [];
      for (let time = 0; time < 14; time += 1) {
        benches.enter(NAME, nowMs);
        const failure = { reason: reason as BenchReason, retryAfterSeconds: null, sentAtMs: nowMs };
        const { untilMs } = benches.failed(NAME, failure, nowMs + 10);
        waits.push(untilMs - nowMs - 10);
        nowMs = untilMs;
      }
      expect(waits[0]).toBe(first);
      expect(waits.at(-1)).toBe(most);
      expect(waits).toEqual([...waits].sort((a, b) => a - b));
    },
  );

  test('waits no longer because many requests were under way when the first one failed', () => {
    const benches = new Benches();
    for (let one = 0; one < 50; one += 1) benches.failed(NAME, rate(null, 0), 100 + one);
    expect(benches.of(NAME, 100 + 49 + STEPS_MS.rate.first)).toBeNull();
  });

  test('begins with the first step again after an answer, and after a long time without any', () => {
    const benches = new Benches();
    let nowMs = 0;
    const fail = () => {
      benches.enter(NAME, nowMs);
      nowMs = benches.failed(NAME, rate(null, nowMs), nowMs).untilMs;
    };
    const last = () => {
      const before = nowMs;
      fail();
      return nowMs - before;
    };
    fail();
    fail();
    benches.enter(NAME, nowMs);
    benches.answered(NAME, nowMs, nowMs + 5);
    expect(last()).toBe(STEPS_MS.rate.first);
    fail();
    nowMs += FORGOTTEN_MS;
    expect(last()).toBe(STEPS_MS.rate.first);
  });
});

describe('after a bench', () => {
  test('one request goes ahead, and the others follow when it has not been refused', () => {
    const benches = new Benches();
    benches.failed(NAME, rate(1, 0), 0);
    expect([benches.enter(NAME, 1000), benches.enter(NAME, 1001)]).toEqual([true, false]);
    expect(benches.enter(NAME, 1000 + TRIAL_MS)).toBe(true);
    expect(benches.enter(NAME, 1000 + TRIAL_MS)).toBe(true);
  });

  test('everybody follows at once when it is answered, and nobody when it is refused', () => {
    for (const isAnswered of [true, false]) {
      const benches = new Benches();
      benches.failed(NAME, rate(1, 0), 0);
      benches.enter(NAME, 1000);
      if (isAnswered) benches.answered(NAME, 1000, 1100);
      else benches.failed(NAME, rate(null, 1000), 1100);
      expect(benches.enter(NAME, 1101)).toBe(isAnswered);
    }
  });

  test('another one goes ahead where the first came to nothing', () => {
    const benches = new Benches();
    benches.failed(NAME, rate(1, 0), 0);
    benches.enter(NAME, 1000);
    benches.released(NAME, 1000, 1200);
    expect([benches.enter(NAME, 1200), benches.enter(NAME, 1200)]).toEqual([true, false]);
  });

  test('an answer to what was sent before it is no reason to come back sooner', () => {
    const benches = new Benches();
    benches.failed(NAME, rate(60, 0), 100);
    benches.answered(NAME, 50, 200);
    expect(benches.enter(NAME, 300)).toBe(false);
  });

  test('what hung is tried by one request each time, until something is answered', () => {
    const benches = new Benches();
    benches.failed(NAME, { reason: 'hanging', retryAfterSeconds: null, sentAtMs: 0 }, 0);
    expect([benches.enter(NAME, 5000), benches.enter(NAME, 5001), benches.enter(NAME, 14_999)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([benches.enter(NAME, 15_000), benches.enter(NAME, 15_000)]).toEqual([true, false]);
    benches.answered(NAME, -100, 15_500);
    expect([benches.enter(NAME, 15_501), benches.enter(NAME, 15_501)]).toEqual([true, false]);
    benches.answered(NAME, 15_501, 15_600);
    expect(benches.size).toBe(0);
  });
});

test('where nobody else can serve, a guess is tried at once, by one request at a time', () => {
  const benches = new Benches();
  benches.failed(NAME, rate(null, 0), 0);
  expect([benches.enterAnyway(NAME, 10), benches.enterAnyway(NAME, 11)]).toEqual([true, false]);
  benches.failed(NAME, rate(null, 10), 20);
  expect(benches.enterAnyway(NAME, 21)).toBe(true);
});

test('ten thousand names at most are kept, and the latest are among them', () => {
  const benches = new Benches();
  for (let one = 0; one < 25_000; one += 1) benches.failed(`${one}`, rate(60, 0), 0);
  expect(benches.size).toBeLessThanOrEqual(10_000);
  expect(benches.enter('24999', 1000)).toBe(false);
});

/** What the rules say, in the plainest words: no steps are shared with the thing itself. */
class Model {
  #bench: {
    since: number;
    until: number;
    failures: number;
    said: boolean;
    trial: boolean;
  } | null = null;

  enter(now: number): boolean {
    if (this.#bench === null) return true;
    if (now < this.#bench.until) return false;
    if (now >= this.#bench.until + 600_000) this.#bench = null;
    else if (!this.#bench.trial) {
      this.#bench.trial = true;
      this.#bench.until = now + 2000;
    }
    return true;
  }

  enterAnyway(now: number): boolean {
    if (this.#bench === null || now >= this.#bench.until) return this.enter(now);
    if (this.#bench.said || this.#bench.trial) return false;
    this.#bench.trial = true;
    this.#bench.until = now + 2000;
    return true;
  }

  failed(seconds: number | null, sent: number, now: number): void {
    const old = this.#bench;
    const failedTrial = old?.trial === true && sent >= old.since;
    const failures = (old?.failures ?? 0) + (failedTrial ? 1 : 0);
    const until = now + (seconds === null ? Math.min(60_000, 1000 * 2 ** failures) : seconds * 1000);
    const said = seconds !== null;
    if (old === null || failedTrial) this.#bench = { since: now, until, failures, said, trial: false };
    else if (old.until <= until) this.#bench = { ...old, until, said, trial: false };
  }

  answered(sent: number): void {
    if (this.#bench !== null && sent >= this.#bench.since) this.#bench = null;
  }

  released(sent: number, now: number): void {
    if (this.#bench?.trial !== true || sent < this.#bench.since) return;
    this.#bench.trial = false;
    this.#bench.until = Math.min(this.#bench.until, now);
  }
}

test('over any course of events benches are what a plain model of the rules says', () => {
  const event = fc.record({
    pauseMs: fc.oneof(
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 70_000 }),
      fc.constant(700_000),
    ),
    what: fc.constantFrom('enter', 'enter', 'enterAnyway', 'fail', 'fail', 'answer', 'release'),
    /** Which of the requests under way. */
    which: fc.nat(5),
    seconds: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 90 })),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const benches = new Benches();
      const model = new Model();
      let nowMs = 1_000_000;
      const underWay: number[] = [nowMs];
      for (const { pauseMs, what, which, seconds } of events) {
        nowMs += pauseMs;
        const sentAtMs = underWay[which % underWay.length] ?? nowMs;
        if (what === 'enter' || what === 'enterAnyway') {
          const may = benches[what](NAME, nowMs);
          expect(may).toBe(model[what](nowMs));
          if (may) underWay.push(nowMs);
        } else if (what === 'fail') {
          benches.failed(NAME, rate(seconds, sentAtMs), nowMs);
          model.failed(seconds, sentAtMs, nowMs);
        } else if (what === 'answer') {
          benches.answered(NAME, sentAtMs, nowMs);
          model.answered(sentAtMs);
        } else {
          benches.released(NAME, sentAtMs, nowMs);
          model.released(sentAtMs, nowMs);
        }
      }
    }),
    { numRuns: 2000 },
  );
});
