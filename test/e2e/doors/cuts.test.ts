/** Streams of every format that break off at a provider: each door ends in its own form, once, and the record is right. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Random } from '../../../prove/random.ts';
import { makeKey } from '../../harness.ts';
import { ask, DOORS } from './doors.ts';
import { generationOf, openRig, type Rig } from './rig.ts';
import { bytesOf, isStream, VENDORS } from './vendors.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig?.[Symbol.asyncDispose]());

const MOST_FRAMES = 14;
const SAMPLES = 8;
/** `EVERY_BYTE=1` cuts after each byte, at every door; that takes ten minutes. */
const EVERY_BYTE = process.env['EVERY_BYTE'] === '1';
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
console.info(`cuts: SEED=${SEED}`);
const random = new Random(SEED);

/** Ends of frames, thinned out where there are many, and places within them. */
function cutsOf(bytes: Uint8Array, recording: string): number[] {
  if (EVERY_BYTE) return Array.from(bytes, (_, cut) => cut);
  const ends: number[] = [];
  if (recording.endsWith('.jsonl')) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let end = view.getUint32(0); end < bytes.length; end += view.getUint32(end)) ends.push(end);
  } else {
    const text = Buffer.from(bytes).toString('latin1');
    for (const { index, 0: gap } of text.matchAll(/\r?\n\r?\n/g)) ends.push(index + gap.length);
  }
  const step = Math.max(1, Math.ceil(ends.length / MOST_FRAMES));
  const within = Array.from({ length: SAMPLES }, () => random.whole(0, bytes.length - 1));
  return [...new Set([0, ...ends.filter((_, n) => n % step === 0), ...ends.slice(-3), ...within])]
    .filter((cut) => cut < bytes.length)
    .sort((one, other) => one - other);
}

const STREAMS = VENDORS.flatMap((vendor) =>
  [...vendor.calls, ...vendor.texts].filter(isStream).map((recording) => [recording, vendor] as const),
);

for (const door of DOORS) {
  test.each(STREAMS)(
    `${door.name} ends once wherever %s is cut, and charges once, or nothing for what broke off`,
    async (recording, vendor) => {
      const { key, hash } = await makeKey(rig.gateway, { limit: 50 });
      let charged = 0;
      for (const cut of cutsOf(bytesOf(recording), recording)) {
        rig.vendors.play(recording, cut);
        const intent = { model: `${vendor.slug}/model`, text: 'hi', cap: 3000, stream: true };
        const heard = await ask(door, { url: rig.gateway.url, key }, intent);
        const where = `${cut} bytes`;
        expect([where, rig.vendors.asked.length]).toEqual([where, 1]);
        if (heard.events.length === 0) {
          expect([where, heard.status, typeof door.error(heard.body)]).toEqual([where, 502, 'string']);
        } else {
          expect([where, door.endings(heard), heard.raw.slice(-600)]).toEqual([
            where,
            1,
            heard.raw.slice(-600),
          ]);
        }
        if (heard.status !== 200) continue;
        const generation = await generationOf(rig, heard.id ?? '', key);
        charged += Number(generation['total_cost']);
        // Who breaks off is not paid; who has said that the answer is over is.
        const hasFailed = heard.events.some(
          ({ error, type }) => (error ?? null) !== null || type === 'response.failed',
        );
        expect([where, Number(generation['total_cost']) > 0]).toEqual([where, !hasFailed]);
      }
      const answer = await fetch(`${rig.gateway.baseUrl}/keys/${hash}`, {
        headers: { authorization: `Bearer ${rig.gateway.managementKey}` },
      });
      const { data } = (await answer.json()) as { data: { usage: number; limit_remaining: number } };
      expect(data.usage).toBeCloseTo(charged, 8);
      expect(data.limit_remaining).toBeCloseTo(50 - charged, 8);
    },
    EVERY_BYTE ? 600_000 : 30_000,
  );
}
