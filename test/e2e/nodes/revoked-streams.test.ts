/** A stream at one node ends when its key is revoked through another: told by a notification, or found by looking where none comes. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf } from '../../../src/auth/key-secret.ts';
import type { TestDatabase } from '../../databases.ts';
import { type DeafDoor, openDeafDoor } from '../../deaf-door.ts';
import { type MadeKey, makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { chat, eventsOf, readText, until } from '../faults/bench.ts';

const CHUNKS = 100;
const CHUNKS_RELAYED = 4;
let shared: TestDatabase;
let door: DeafDoor;
let revoking: SpawnedGateway;
let notified: SpawnedGateway;
let deaf: SpawnedGateway;

beforeAll(async () => {
  shared = await postgresEngine().open();
  const databaseUrl = shared.databaseUrl ?? '';
  door = await openDeafDoor(databaseUrl);
  revoking = await spawnGateway({ env: { TURNPIKE_DATABASE_URL: databaseUrl } });
  notified = await spawnGateway({ env: { TURNPIKE_DATABASE_URL: databaseUrl }, joins: true });
  deaf = await spawnGateway({ env: { TURNPIKE_DATABASE_URL: door.databaseUrl }, joins: true });
});

afterAll(async () => {
  for (const gateway of [revoking, notified, deaf]) await gateway.stop();
  door.close();
  await shared.dispose();
});

async function manage(method: string, hash: string, body?: object): Promise<void> {
  const response = await fetch(`${revoking.baseUrl}/keys/${hash}`, {
    method,
    headers: { authorization: `Bearer ${revoking.managementKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
}

const WAYS = {
  disabled: ({ hash }: MadeKey) => manage('PATCH', hash, { disabled: true }),
  deleted: ({ hash }: MadeKey) => manage('DELETE', hash),
};

/** A key by the consent of another, as an app gets one. */
async function keyThrough(parent: MadeKey): Promise<MadeKey> {
  const post = async (path: string, body: object) => {
    const response = await fetch(`${revoking.baseUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${parent.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as { data: { id: string }; key: string };
  };
  const { data } = await post('/auth/keys/code', { callback_url: 'https://app.example.com/cb' });
  const { key } = await post('/auth/keys', { code: data.id });
  return { key, hash: hashOf(key) };
}

const NODES = {
  'a node that is notified': () => notified,
  'a node that no notification reaches': () => deaf,
};

for (const [where, nodeOf] of Object.entries(NODES)) {
  describe(`a stream at ${where}`, () => {
    for (const [how, revoke] of Object.entries(WAYS)) {
      test(`ends with an error when its key is ${how} elsewhere, charged for what was relayed`, async () => {
        const node = nodeOf();
        const made = await makeKey(revoking, { limit: 10, cut_streams_when_revoked: true });
        // Left alone it would hang: nothing but the revocation ends it with that message.
        const fake = { chunks: CHUNKS, hang: 'mid-stream', hangAfterChunks: CHUNKS_RELAYED };
        const response = await chat(node, { model: 'acme/small', key: made.key, stream: true, fake });
        let isRevoked: Promise<void> | undefined;
        const text = await readText(response, () => {
          isRevoked ??= revoke(made);
        });
        await isRevoked;
        expect(eventsOf(text).at(-1).error.message).toContain('revoked');
        expect(await until(() => node.provider.stats.activeStreams === 0)).toBe(true);

        const { db } = shared.database;
        const rows = () =>
          db.selectFrom('generations').selectAll().where('key_hash', '=', made.hash).execute();
        expect(await until(async () => (await rows()).length === 1)).toBe(true);
        const [row] = await rows();
        expect(row).toMatchObject({ cancelled: 1, estimated: 1 });
        expect(row?.completion_tokens).toBeLessThan(CHUNKS);
        expect(row?.cost_nano_usd).toBeGreaterThan(0n);
      });
    }
  });
}

for (const [where, nodeOf] of Object.entries(NODES)) {
  test(`what an app got by the consent of a key ends at ${where} when that key is deleted, and so do its streams`, async () => {
    const node = nodeOf();
    const parent = await makeKey(revoking, { cut_streams_when_revoked: true });
    const child = await keyThrough(parent);
    const fake = { chunks: CHUNKS, hang: 'mid-stream', hangAfterChunks: CHUNKS_RELAYED };
    const response = await chat(node, { model: 'acme/small', key: child.key, stream: true, fake });
    let deletedAtMs = 0;
    const text = await readText(response, () => {
      if (deletedAtMs !== 0) return;
      deletedAtMs = performance.now();
      void manage('DELETE', parent.hash);
    });
    expect(eventsOf(text).at(-1).error.message).toContain('revoked');
    // Where no notification comes, it is found by looking.
    expect(performance.now() - deletedAtMs).toBeLessThan(node === notified ? 2000 : 5000);
    expect((await chat(node, { model: 'acme/small', key: child.key })).status).toBe(401);
  });

  test(`a key that is disabled takes what an app got by it out of memory at ${where}, and gives it back`, async () => {
    const node = nodeOf();
    const parent = await makeKey(revoking);
    const child = await keyThrough(parent);
    const statusOf = async () => (await chat(node, { model: 'acme/small', key: child.key })).status;
    expect(await statusOf()).toBe(200);
    await manage('PATCH', parent.hash, { disabled: true });
    const disabledAtMs = performance.now();
    expect(await until(async () => (await statusOf()) === 403)).toBe(true);
    expect(performance.now() - disabledAtMs).toBeLessThan(node === notified ? 2000 : 5000);
    await manage('PATCH', parent.hash, { disabled: false });
    expect(await until(async () => (await statusOf()) === 200)).toBe(true);
  });
}

test('the node that no notification reaches has tried to listen in vain', () => {
  expect(door.listenersHeld).toBeGreaterThan(0);
});
