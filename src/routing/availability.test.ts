import { expect, test } from 'bun:test';
import { availability } from './availability.ts';

const NEEDED = { requestedModels: ['acme/small'], docsUrl: 'https://gateway.example/docs' };

test('what is always there is there, and nothing else when there is nothing to say', () => {
  const said = { retryAfterSeconds: null, affectedProviders: [], excludedBy: [] };
  expect(availability('model_not_found', { ...NEEDED, ...said })).toEqual({
    code: 'model_not_found',
    retryable: false,
    requested_models: ['acme/small'],
    docs_url: 'https://gateway.example/docs#model_not_found',
  });
});

test('only what time heals is worth a repeat', () => {
  const retryable = (
    [
      'model_not_found',
      'wrong_endpoint',
      'no_endpoints',
      'privacy_restricted',
      'constraint_filtered',
      'capacity_exhausted',
      'temporarily_unavailable',
    ] as const
  ).filter((code) => availability(code, NEEDED)['retryable']);
  expect(retryable).toEqual(['capacity_exhausted', 'temporarily_unavailable']);
});

test('what there is to say is said', () => {
  const constraint = { field: 'provider.only', detail: 'd' };
  expect(
    availability('capacity_exhausted', {
      ...NEEDED,
      ...{ retryAfterSeconds: 0, affectedProviders: ['Acme'], excludedBy: new Set(['x']), constraint },
    }),
  ).toMatchObject({ retry_after: 0, affected_providers: ['Acme'], excluded_by: ['x'], constraint });
});
