import { describe, expect, test } from 'bun:test';
import { Random } from '../random.ts';
import { BOUND_MS, fitsLimit, Keyring, mayRefuse, mayServe, newKey, type SoakKey } from './keys.ts';

const keyThat = (changes: Partial<SoakKey>): SoakKey => ({
  ...newKey(0, { key: 'key', hash: 'hash' }),
  ...changes,
});
const made = () => ({ key: crypto.randomUUID(), hash: crypto.randomUUID() });

describe('a key', () => {
  test('that nobody changed is served, and never refused', () => {
    const key = keyThat({});
    expect([mayServe(key, 5), mayRefuse(key, 5), fitsLimit(key, 5)]).toEqual([true, false, true]);
  });

  test('that is being revoked may be both', () => {
    const key = keyThat({ revokeBegunAtMs: 10 });
    expect([mayServe(key, 12), mayRefuse(key, 12)]).toEqual([true, true]);
  });

  test('that was revoked is not served to who begins later than the promised bound', () => {
    const key = keyThat({ revokeBegunAtMs: 10, revokedAtMs: 20 });
    expect([mayServe(key, 20 + BOUND_MS), mayServe(key, 21 + BOUND_MS)]).toEqual([true, false]);
  });

  test('that was switched on again is not refused to who begins later than the promised bound', () => {
    const key = keyThat({ restoredAtMs: 20 });
    expect([mayRefuse(key, 20 + BOUND_MS), mayRefuse(key, 21 + BOUND_MS)]).toEqual([true, false]);
  });

  test('whose limit was lowered to what is spent serves nothing from the bound on', () => {
    const key = keyThat({ exhaustedAtMs: 20 });
    expect([fitsLimit(key, 20 + BOUND_MS), fitsLimit(key, 21 + BOUND_MS)]).toEqual([true, false]);
  });
});

describe('the keyring', () => {
  test('gives back disabled keys, and deleted ones never', () => {
    const keyring = new Keyring();
    const deleted = keyring.add(made(), []);
    deleted.isDeleted = true;
    const disabled = keyring.add(made(), []);
    keyring.tryOn(deleted);
    keyring.tryOn(disabled);
    expect([keyring.takeDisabled(), keyring.takeDisabled()]).toEqual([disabled, undefined]);
    expect(keyring.revoked).toEqual([deleted]);
  });

  test('takes an open key off the load, and keeps it in mind', () => {
    const keyring = new Keyring();
    const key = keyring.add(made(), keyring.open);
    expect(keyring.takeOpen(new Random(1))).toBe(key);
    expect([keyring.open, keyring.all]).toEqual([[], [key]]);
  });

  test('tells how late after its revocation a key was served', () => {
    const keyring = new Keyring();
    const key = keyring.add(made(), keyring.open);
    keyring.served(key, 5, 100);
    expect(keyring.latestServedAfterRevocationMs).toBe(Number.NEGATIVE_INFINITY);
    key.revokedAtMs = 10;
    keyring.served(key, 8, 100);
    expect([keyring.latestServedAfterRevocationMs, key.toldNanoUsd]).toEqual([-2, 200]);
  });
});
