/** A conversation of several turns with a key of the caller's own at every provider format: the same answers as with the operator's key. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type MadeKey, makeKey } from '../../harness.ts';
import { ask, DOORS, read } from './doors.ts';
import type { DoorUnderTest, Intent, Json } from './intent.ts';
import { generationOf, openRig, type Rig } from './rig.ts';
import { isStream, VENDORS, type Vendor } from './vendors.ts';

const OWN = 'own-0123456789-abcdef-AbCd';

let rig: Rig;
/** Of the keys that accounts bring, all are for requests of this one. */
let caller: MadeKey;
beforeAll(async () => {
  rig = await openRig();
  caller = await makeKey(rig.gateway, { name: 'with keys of its own' });
  for (const vendor of VENDORS) await bring(vendor);
});
afterAll(() => rig?.[Symbol.asyncDispose]());

/** In the shape of its provider, at the same server. */
async function bring(vendor: Vendor): Promise<void> {
  const url = rig.vendors.urlOf(vendor);
  const endpoint_url = `${url}/deployments/claude-sonnet-4-5/chat/completions?api-version=2024-10-21`;
  const keys: Readonly<Record<string, object>> = {
    bedrock: { key: OWN, base_url: url },
    azure: {
      key: JSON.stringify([{ model_slug: 'azure/model', endpoint_url, api_key: OWN, model_id: 'ours' }]),
    },
  };
  const made = await fetch(`${rig.gateway.baseUrl}/byok`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${rig.gateway.managementKey}` },
    body: JSON.stringify({
      ...{ provider: vendor.slug, key: OWN, is_required: true, allowed_api_key_hashes: [caller.hash] },
      ...keys[vendor.slug],
    }),
  });
  if (made.status !== 201) throw new Error(`${vendor.slug}: ${await made.text()}`);
}

interface Turn {
  readonly recording: string;
  readonly intent: Intent;
}

/** A question; the calls of a tool, told back; and what is made of them, once as it comes and once whole where both are recorded. */
function turnsOf({ slug, texts, calls }: Vendor): Turn[] {
  const first = { model: `${slug}/model`, system: 'Be-brief-and-exact', text: 'Which-is-warmer' };
  const called: Intent = {
    ...first,
    calls: [
      { id: 'toolu_01aaaaaaaaaaaaaaaaaaaaaa', name: 'weather', args: { location: 'Oslo' } },
      { id: 'toolu_01bbbbbbbbbbbbbbbbbbbbbb', name: 'weather', args: { location: 'Rome' } },
    ],
    results: ['first-result-4', 'second-result-21'],
  };
  const turn = (intent: Intent, recording: string): Turn => ({
    recording,
    intent: { ...intent, stream: isStream(recording) },
  });
  return [
    ...texts.map((recording) => turn(first, recording)),
    ...[...calls, ...texts].map((recording) => turn(called, recording)),
  ];
}

async function played(door: DoorUnderTest, { recording, intent }: Turn, key: string) {
  rig.vendors.play(recording);
  const heard = await ask(door, { url: rig.gateway.url, key }, intent);
  expect([heard.status, heard.raw.slice(0, 500)]).toEqual([200, expect.any(String)]);
  const { text, calls, finish, usage } = read(door, heard);
  const { data } = { data: await generationOf(rig, heard.id ?? '', key) };
  return {
    said: { text, calls, finish, input: usage.input, output: usage.output },
    sent: rig.vendors.asked.map(({ body }): Json => body),
    keys: rig.vendors.asked.map((asked) => asked.key),
    bill: {
      ...{ isByok: data['is_byok'], charged: data['total_cost'], upstream: data['upstream_inference_cost'] },
      tokens: [data['tokens_prompt'], data['tokens_completion'], data['native_tokens_cached']],
    },
  };
}

for (const vendor of VENDORS) {
  describe(`a conversation with ${vendor.slug} by an own key`, () => {
    test.each(DOORS.map((door) => [door.name, door] as const))(
      'is asked, answered and counted as by the operator’s, and billed to its owner: %s',
      async (_, door) => {
        for (const turn of turnsOf(vendor)) {
          const theirs = await played(door, turn, rig.gateway.apiKey);
          const own = await played(door, turn, caller.key);
          const { recording } = turn;
          expect([recording, own.said]).toEqual([recording, theirs.said]);
          expect([recording, own.sent]).toEqual([recording, theirs.sent]);
          expect([theirs.keys, own.keys]).toEqual([['secret'], [OWN]]);
          expect([recording, theirs.bill]).toMatchObject([recording, { isByok: false, upstream: 0 }]);
          expect(Number(theirs.bill.charged)).toBeGreaterThan(0);
          expect([recording, own.bill]).toEqual([
            recording,
            { ...theirs.bill, isByok: true, charged: 0, upstream: theirs.bill.charged },
          ]);
        }
      },
      120_000,
    );
  });
}
