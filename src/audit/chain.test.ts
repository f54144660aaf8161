import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { type Database, openDatabase } from '../storage/database.ts';
import { linkEvents, verifyChain } from './chain.ts';
import { type AuditEvent, insertEvent, linkedEvents, readHead } from './store.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 29);

const event = (id: string, changes: Partial<AuditEvent> = {}): AuditEvent => ({
  ...{ id, account_id: 'account-1', at_ms: NOW_MS, actor_kind: 'user', actor: 'user-1', address: '::1' },
  ...{ action: 'key.updated', target_kind: 'api_key', target: 'hash-1' },
  ...{ before_json: '{"limit":"1"}', after_json: '{"limit":null}', outcome: 'success' },
  ...changes,
});
const names = (count: number, prefix = 'event') =>
  Array.from({ length: count }, (_, at) => `${prefix}-${String(at).padStart(4, '0')}`);

describe.each(engines)('on $name', (engine) => {
  let subject: TestDatabase;
  let database: Database;
  beforeEach(async () => {
    subject = await engine.open();
    database = subject.database;
  });
  afterEach(() => subject.dispose());

  const add = async (...events: AuditEvent[]) => {
    for (const each of events) await insertEvent(database.db, each);
  };
  const verify = (...anchors: Parameters<typeof verifyChain>[1] & object) =>
    database.snapshot((db) => verifyChain(db, anchors));
  const order = async () =>
    (await linkedEvents(database.db, 0, 5000)).map((link) => `${link.seq} ${link.event_id}`);

  test('an empty log is right', async () => {
    expect(await linkEvents(database)).toBe(0);
    expect(await verify()).toEqual({ links: 0, hash: '', untilMs: 0, fault: null });
  });

  test('events get their links in the order in which they happened, and each once', async () => {
    await add(event('b', { at_ms: NOW_MS + 1 }), event('c'), event('a'));
    expect(await linkEvents(database)).toBe(3);
    expect(await linkEvents(database)).toBe(0);
    await add(event('d', { at_ms: NOW_MS + 2 }));
    expect(await linkEvents(database)).toBe(1);
    expect(await order()).toEqual(['1 a', '2 c', '3 b', '4 d']);
    expect(await verify()).toMatchObject({ links: 4, untilMs: NOW_MS + 2, fault: null });
  });

  test('an event whose transaction ended late gets its link, and one that is older by far at the thorough look', async () => {
    await add(event('new'));
    await linkEvents(database);
    await add(event('late', { at_ms: NOW_MS - HOUR_MS / 2 }), event('old', { at_ms: NOW_MS - 2 * HOUR_MS }));
    expect(await linkEvents(database)).toBe(1);
    expect(await linkEvents(database, true)).toBe(1);
    expect(await order()).toEqual(['1 new', '2 late', '3 old']);
    expect(await verify()).toMatchObject({ links: 3, untilMs: NOW_MS, fault: null });
  });

  test('more than one batch at a time, by several processes at once, make one chain', async () => {
    const other = await openDatabase({ databaseUrl: subject.databaseUrl, dataDir: subject.dataDir });
    try {
      await add(...names(700).map((id) => event(id)));
      const linked = await Promise.all([linkEvents(database), linkEvents(other), linkEvents(database)]);
      expect(linked.reduce((sum, count) => sum + count)).toBe(700);
      expect(await verify()).toMatchObject({ links: 700, fault: null });
      expect(await order()).toEqual(names(700).map((id, at) => `${at + 1} ${id}`));
    } finally {
      await other.close();
    }
  });

  const MEMBERS = {
    ...{ account_id: 'account-2', at_ms: NOW_MS + 1, actor_kind: 'system', actor: null, address: '::2' },
    ...{ action: 'key.created', target_kind: 'user', target: null, before_json: null },
    ...{ after_json: '{"limit":"9"}', outcome: 'refused' },
  };
  test.each(Object.entries(MEMBERS))('an event whose %s was changed is found', async (member, value) => {
    await add(...names(3).map((id) => event(id)));
    await linkEvents(database);
    await database.db
      .updateTable('audit_event')
      .set({ [member]: value })
      .where('id', '=', 'event-0001')
      .execute();
    expect((await verify()).fault).toBe(
      'the event event-0001 of link 2 is not what it was when it was linked',
    );
  });

  test('an event that was taken away is found, with its link and without it', async () => {
    await add(...names(3).map((id) => event(id)));
    await linkEvents(database);
    await database.db.deleteFrom('audit_event').where('id', '=', 'event-0001').execute();
    expect((await verify()).fault).toBe('the event event-0001 of link 2 is gone');
    await database.db.deleteFrom('audit_link').where('seq', '=', 2).execute();
    expect((await verify()).fault).toBe('link 2 is missing');
  });

  test('two events that changed places are found', async () => {
    await add(...names(3).map((id) => event(id)));
    await linkEvents(database);
    const swap = (from: string, to: string) =>
      database.db.updateTable('audit_link').set({ event_id: to }).where('event_id', '=', from).execute();
    await swap('event-0000', 'x');
    await swap('event-0001', 'event-0000');
    await swap('x', 'event-0001');
    expect((await verify()).fault).toContain('link 1 is not what it was');
  });

  test('an end that was cut off is found, by the newest link and by what was noted', async () => {
    await add(...names(3).map((id) => event(id)));
    await linkEvents(database);
    const { hash } = await readHead(database.db);
    await database.db.deleteFrom('audit_event').where('id', '=', 'event-0002').execute();
    await database.db.deleteFrom('audit_link').where('seq', '=', 3).execute();
    expect((await verify()).fault).toBe('the chain ends at link 2, and there was a link 3');

    const [, second] = await linkedEvents(database.db, 0, 2);
    await database.db
      .updateTable('audit_head')
      .set({ seq: 2, hash: second?.hash ?? '' })
      .execute();
    expect((await verify()).fault).toBeNull();
    expect((await verify({ seq: 3, hash })).fault).toBe('the chain ends at link 2, and there was a link 3');
  });

  test('a chain that was made anew is right by itself, and not what was noted', async () => {
    await add(...names(3).map((id) => event(id)));
    await linkEvents(database);
    const noted = await readHead(database.db);
    await database.db
      .updateTable('audit_event')
      .set({ actor: 'user-2' })
      .where('id', '=', 'event-0001')
      .execute();
    await sql`DELETE FROM audit_link`.execute(database.db);
    await database.db.updateTable('audit_head').set({ seq: 0, hash: '', at_ms: 0 }).execute();
    await linkEvents(database, true);
    expect((await verify()).fault).toBeNull();
    expect((await verify(noted)).fault).toMatch(
      /^link 3 has the hash [0-9a-f]{64}, and [0-9a-f]{64} was noted$/,
    );
  });
});
