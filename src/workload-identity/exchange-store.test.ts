import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { ManualClock } from '../clock.ts';
import { forgetOldExchanges } from './exchange.ts';
import { insertExchange } from './exchange-store.ts';

describe.each(engines)('$name', (engine) => {
  let opened: TestDatabase;
  beforeAll(async () => {
    opened = await engine.open();
  });
  afterAll(() => opened.dispose());

  test('a token is remembered under each policy until it can come no more', async () => {
    const { database } = opened;
    const { db } = database;
    const row = { policy_id: 'p', token_hash: 'h', expires_at_ms: 1000 };
    expect(await insertExchange(db, row)).toBe(true);
    expect(await insertExchange(db, { ...row, expires_at_ms: 2000 })).toBe(false);
    expect(await insertExchange(db, { ...row, policy_id: 'other', expires_at_ms: 2000 })).toBe(true);
    await forgetOldExchanges({ database, clock: new ManualClock(999) });
    expect(await insertExchange(db, row)).toBe(false);
    await forgetOldExchanges({ database, clock: new ManualClock(1000) });
    expect(await insertExchange(db, row)).toBe(true);
    expect(await insertExchange(db, { ...row, policy_id: 'other' })).toBe(false);
  });
});
