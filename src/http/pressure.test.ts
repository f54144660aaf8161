import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Pressure } from './pressure.ts';

function pressureOf(state: { running: number }) {
  const pressure = new Pressure(() => state.running);
  const takes = () => {
    try {
      pressure.mustTakeOneMore();
      return true;
    } catch (thrown) {
      expect(thrown).toMatchObject({ status: 503, code: 'unavailable' });
      expect((thrown as { retryAfterSeconds: number }).retryAfterSeconds).toBeGreaterThan(0);
      return false;
    }
  };
  return { pressure, takes };
}

test('a punctual loop takes any number', () => {
  const { pressure, takes } = pressureOf({ running: 100_000 });
  for (let n = 0; n < 10; n += 1) pressure.sample(5);
  expect(takes()).toBe(true);
});

test('a late loop takes no more until some have ended', () => {
  const state = { running: 1000 };
  const { pressure, takes } = pressureOf(state);
  pressure.sample(400);
  expect(takes()).toBe(false);
  state.running = 899;
  expect(takes()).toBe(true);
  pressure.sample(400);
  expect(takes()).toBe(false);
});

test('whatever happened, it takes any number again within five seconds of punctuality', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ running: fc.nat(20_000), latenessMs: fc.nat(5000) })),
      fc.integer({ min: 0, max: 20_000 }),
      (past, running) => {
        const state = { running: 0 };
        const { pressure, takes } = pressureOf(state);
        for (const moment of past) {
          state.running = moment.running;
          pressure.sample(moment.latenessMs);
        }
        state.running = running;
        for (let n = 0; n < 100; n += 1) pressure.sample(1);
        expect(takes()).toBe(true);
      },
    ),
  );
});

test('a few are always taken, however late the loop is', () => {
  const { pressure, takes } = pressureOf({ running: 15 });
  for (let n = 0; n < 100; n += 1) pressure.sample(10_000);
  expect(takes()).toBe(true);
});

test('a loop that is really late is noticed by itself', async () => {
  const { pressure, takes } = pressureOf({ running: 1000 });
  pressure.start();
  for (let n = 0; n < 3 && takes(); n += 1) {
    Bun.sleepSync(400);
    await Bun.sleep(60);
  }
  expect(takes()).toBe(false);
  pressure.stop();
});
