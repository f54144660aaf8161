/** In which order endpoints were to be tried stands in the record, whoever answered. */
import { expect, test } from 'bun:test';
import { ByokRig } from '../byok/rig.ts';

async function planOf(rig: ByokRig, id: string): Promise<unknown> {
  for (const until = performance.now() + 5000; performance.now() < until; await Bun.sleep(20)) {
    const { status, json } = await rig.call('GET', `/generation?id=${id}`, undefined, rig.gateway.apiKey);
    if (status === 200) return json.data.plan;
  }
  throw new Error(`no generation ${id}`);
}

test('the record says who was to be tried after whom, own keys and other models among them', async () => {
  await using rig = await ByokRig.start();
  await rig.bring('backup', 'sk-own-0123456789abcdef', { is_fallback: true });
  const provider = { order: ['acme', 'backup'] };
  const answered = await rig.ask({ model: 'acme/twice', models: ['acme/small'], provider });
  expect(answered.json.model).toBe('acme/twice');
  expect(await planOf(rig, answered.json.id)).toEqual([
    { endpoint_id: 'acme', model: 'acme/twice', is_byok: false },
    { endpoint_id: 'backup', model: 'acme/twice', is_byok: false },
    { endpoint_id: 'backup', model: 'acme/twice', is_byok: true },
    { endpoint_id: 'acme', model: 'acme/small', is_byok: false },
  ]);
  // Of one alone nothing has to be said.
  const alone = await rig.ask();
  expect(await planOf(rig, alone.json.id)).toEqual([]);
});
