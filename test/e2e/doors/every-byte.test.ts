/** One streamed answer of every format, broken off after each of its bytes, in both ways: ended once, charged once, held no longer. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Random } from '../../../prove/random.ts';
import { makeKey } from '../../harness.ts';
import { ask, DOORS } from './doors.ts';
import type { DoorUnderTest, Heard } from './intent.ts';
import { openRig, type Rig } from './rig.ts';
import { bytesOf, type Cut, cutMark, cutOf, isStream, VENDORS, type Vendor } from './vendors.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig?.[Symbol.asyncDispose]());

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
console.info(`every byte: SEED=${SEED}`);
const random = new Random(SEED);

const AT_ONCE = 16;
/** Far beyond what any of them takes, and an end of one that hangs. */
const HANGS_AFTER_MS = 15_000;
const CAP = 3000;
const LIMIT_USD = 1_000_000;

/** The shortest: a cut after its last byte costs as much as after its first. */
function shortestStream({ calls, texts }: Vendor): string {
  const streams = [...calls, ...texts].filter(isStream);
  const [first = ''] = streams.sort((one, other) => bytesOf(one).length - bytesOf(other).length);
  return first;
}

/** Each format at a door, another one with another seed. */
const SWEEPS = VENDORS.map((vendor) => {
  const door = DOORS[random.whole(0, DOORS.length - 1)] as DoorUnderTest;
  return [vendor.slug, door.name, shortestStream(vendor), door] as const;
});

async function figure(name: string): Promise<number> {
  const answer = await fetch(`${rig.gateway.url}/metrics`);
  const lines = (await answer.text()).split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** What a stream said that it cost, in nano-USD; null: it failed. */
function costOf(door: DoorUnderTest, { events }: Heard): bigint | null {
  const hasFailed = events.some(
    ({ error, type }) => (error ?? null) !== null || type === 'response.failed' || type === 'error',
  );
  return hasFailed ? null : BigInt(Math.round(door.streamed(events).usage.cost * 1e9));
}

async function unlessItHangs<T>(what: string, answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANGS_AFTER_MS);
  return await Promise.race([answer, promise]).finally(() => clearTimeout(timer));
}

test.each(SWEEPS)(
  '%s by the door of %s: each cut of %s ends once and is charged once, or not at all',
  async (slug, _name, recording, door) => {
    const { key, hash } = await makeKey(rig.gateway, { limit: LIMIT_USD });
    const whole = bytesOf(recording).length;
    const cuts: Cut[] = [];
    for (let bytes = 0; bytes <= whole; bytes++) cuts.push({ bytes, how: 'end' }, { bytes, how: 'reset' });
    rig.vendors.playAsMarked(recording);
    const before = await figure('turnpike_generations_total');
    let charged = 0n;
    let failed = 0;
    const one = async (cut: Cut) => {
      const intent = { model: `${slug}/model`, text: cutMark(cut), cap: CAP, stream: true };
      const heard = await unlessItHangs(cutMark(cut), ask(door, { url: rig.gateway.url, key }, intent));
      const where = [cutMark(cut), heard.raw.slice(-600)];
      if (heard.events.length === 0) {
        expect([...where, heard.status, typeof door.error(heard.body)]).toEqual([...where, 502, 'string']);
        failed += 1;
        return;
      }
      expect([...where, heard.status, door.endings(heard)]).toEqual([...where, 200, 1]);
      const cost = costOf(door, heard);
      if (cost === null) {
        failed += 1;
        return;
      }
      // The dearest bucket of a prompt that cannot have more tokens than bytes, and the whole of the cap.
      const bound = 5_000n * 2_000n + BigInt(CAP) * 12_000n;
      expect([...where, cost > 0n && cost <= bound]).toEqual([...where, true]);
      charged += cost;
    };
    const waiting = cuts.values();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const cut of waiting) await one(cut);
      }),
    );
    const times = new Map<string, number>();
    for (const { body } of rig.vendors.asked) {
      const mark = cutMark(cutOf(body));
      times.set(mark, (times.get(mark) ?? 0) + 1);
    }
    expect([...times].filter(([, asked]) => asked !== 1)).toEqual([]);
    expect(times.size).toBe(cuts.length);
    // A whole answer that ends is none that failed, and one without its first event is.
    expect([failed > 0, failed < cuts.length]).toEqual([true, true]);
    expect((await figure('turnpike_generations_total')) - before).toBe(cuts.length);
    expect(await figure('turnpike_holds')).toBe(0);
    const answer = await fetch(`${rig.gateway.baseUrl}/keys/${hash}`, {
      headers: { authorization: `Bearer ${rig.gateway.managementKey}` },
    });
    const { data } = (await answer.json()) as { data: { usage: number } };
    expect(BigInt(Math.round(data.usage * 1e9))).toBe(charged);
  },
  120_000,
);
