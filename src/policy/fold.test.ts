/** Folding: the stricter layer wins, whatever the order and however many there are. */
import { describe, expect, test } from 'bun:test';
import { foldPolicy } from './fold.ts';
import type { BindingGuardrail } from './store.ts';

const PLACE = { accountId: 'a', workspaceId: 'w', creatorUserId: 'u', keyHash: 'h' };

const row = (via: BindingGuardrail['via'], rules: Partial<BindingGuardrail> = {}): BindingGuardrail => ({
  ...{ account_id: 'a', id: `g-${via}`, workspace_id: 'w', applies_to: 'assigned', name: via, via },
  ...{ description: null, limit_nano_usd: null, reset_interval: null, include_byok_in_budgets: 0 },
  ...{ allowed_models: null, ignored_models: null, allowed_providers: null, ignored_providers: null },
  ...{ allowed_data_regions: null, enforce_zdr_anthropic: null, enforce_zdr_openai: null },
  ...{ enforce_zdr_google: null, enforce_zdr_xai: null, enforce_zdr_other: null },
  ...{ allow_safety_retention_google: null, allow_safety_retention_other: null },
  ...{ enable_paid_model_training: null, enable_free_model_training: null },
  ...{ enable_free_model_publication: null, content_filter_builtins: null, content_filters: null },
  ...{ created_at_ms: 0, updated_at_ms: null },
  ...rules,
});
const fold = (...rows: BindingGuardrail[]) => foldPolicy(rows.map((one) => ({ row: one, place: PLACE })));

test('a key that nothing binds has no policy', () => {
  expect(fold()).toBeNull();
});

test('allowlists intersect, also to nothing, what is ignored adds up, and null restricts nothing', () => {
  const policy = fold(
    row('workspace'),
    row('member', { allowed_models: '["a/1","a/2"]', ignored_providers: '["x"]' }),
    row('key', { allowed_models: '["a/2","a/3"]', ignored_providers: '["y"]', allowed_providers: '["z"]' }),
  );
  expect(policy?.models.allowed).toEqual(new Set(['a/2']));
  expect(policy?.providers).toEqual({ allowed: new Set(['z']), ignored: new Set(['x', 'y']) });
  const nothing = fold(
    row('member', { allowed_models: '["a/1"]' }),
    row('key', { allowed_models: '["a/2"]' }),
  );
  expect(nothing?.models.allowed).toEqual(new Set());
  expect(fold(row('key'))?.models.allowed).toBeNull();
});

test('regions intersect, zero retention is asked for by any layer, and every layer has to let training be', () => {
  const policy = fold(
    row('account', { allowed_data_regions: '["europe","us"]', enforce_zdr_openai: 1 }),
    row('key', {
      allowed_data_regions: '["us","global"]',
      enforce_zdr_openai: 0,
      enable_free_model_training: 0,
    }),
  );
  expect(policy?.regions).toEqual(new Set(['us']));
  expect(policy?.zdr).toEqual({ anthropic: false, openai: true, google: false, xai: false, other: false });
  expect([policy?.paidTraining, policy?.freeTraining, policy?.freePublication]).toEqual([true, false, true]);
});

describe('layers, filters and budgets stand in their order, whatever the order of the rows', () => {
  const rows = [
    row('key', { limit_nano_usd: 4n, content_filters: '[{"pattern":"a","action":"flag","label":null}]' }),
    row('member', { limit_nano_usd: 3n }),
    row('workspace', {
      ...{ limit_nano_usd: 2n, reset_interval: 'daily', include_byok_in_budgets: 1 },
      content_filter_builtins: '[{"slug":"email","action":"block","scan_scope":"user_only"}]',
    }),
  ];

  test('budgets: the workspace’s for the member and then for the key, the member’s, the key’s', () => {
    const budgets = fold(...rows)?.budgets.map(({ guardrailScope, holder, holderId, limitNanoUsd }) => [
      ...[guardrailScope, holder, holderId, limitNanoUsd],
    ]);
    expect(budgets).toEqual([
      ['workspace', 'member', 'u', 2n],
      ['workspace', 'key', 'h', 2n],
      ['member', 'member', 'u', 3n],
      ['key', 'key', 'h', 4n],
    ]);
    expect(fold(...rows)?.budgets[0]).toMatchObject({ resetInterval: 'daily', includesByok: true });
  });

  test('filters: each with its guardrail, its action and what it looks through', () => {
    expect(fold(...rows)?.filters).toEqual([
      {
        ...{ guardrailId: 'g-workspace', guardrailScope: 'workspace', kind: 'builtin', slug: 'email' },
        ...{ action: 'block', label: null, scanScope: 'user_only' },
      },
      {
        ...{ guardrailId: 'g-key', guardrailScope: 'key', kind: 'custom', pattern: 'a', action: 'flag' },
        ...{ label: null, scanScope: 'all_messages' },
      },
    ]);
  });

  test('a system key, which nobody made, has no member to count for', () => {
    const bound = rows.map((one) => ({ row: one, place: { ...PLACE, creatorUserId: null } }));
    expect(foldPolicy(bound)?.budgets.map(({ holder }) => holder)).toEqual(['key', 'key']);
  });
});

test('what binds the key that authorised one binds it too, and counts for the one that it is assigned to', () => {
  const child = { ...PLACE, keyHash: 'child' };
  const everybody = row('workspace', { limit_nano_usd: 1n });
  const policy = foldPolicy([
    { row: everybody, place: child },
    { row: everybody, place: PLACE },
    { row: row('key', { allowed_models: '["a/1"]', limit_nano_usd: 9n }), place: PLACE },
  ]);
  expect(policy?.layers.map(({ scope }) => scope)).toEqual(['workspace', 'key']);
  expect(policy?.models.allowed).toEqual(new Set(['a/1']));
  expect(policy?.budgets.map(({ guardrailScope, holderId }) => [guardrailScope, holderId])).toEqual([
    ...[
      ['workspace', 'u'],
      ['workspace', 'child'],
      ['workspace', 'h'],
      ['key', 'h'],
    ],
  ]);
});
