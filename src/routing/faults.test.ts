import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import {
  ProviderError,
  type ProviderErrorDetails,
  type ProviderFailure,
} from '../providers/provider-error.ts';
import { FAULTS, faultOf, faultTable } from './faults.ts';

const DOCS = new URL('../../docs/routing.md', import.meta.url);

test('the table in docs/routing.md is the one that attempts go by', () => {
  const shown = readFileSync(DOCS, 'utf8')
    .split('\n## Whose fault\n')[1]
    ?.split('\n')
    .filter((line) => line.startsWith('|'));
  expect(shown).toEqual(faultTable());
});

function named(details: Partial<ProviderErrorDetails>, failure: ProviderFailure = 'status') {
  return faultOf(new ProviderError(failure, { fault: 'provider', message: 'no', ...details }));
}

test('every failure of a provider has its row', () => {
  expect([
    named({ fault: 'caller', status: 400 }),
    named({ fault: 'rate', status: 429 }),
    named({ fault: 'account', status: 401 }),
    named({ fault: 'account', status: 402 }),
    named({ fault: 'account', status: 429 }),
    named({ fault: 'account', status: 403 }),
    named({ fault: 'login', status: 401 }),
    named({ fault: 'busy' }),
    named({ fault: 'gateway' }, 'unreachable'),
    named({ status: 404 }),
    named({ status: 500 }),
    named({}, 'garbage'),
    named({}, 'unreachable'),
    named({}, 'timeout'),
    named({ neverSent: true }, 'timeout'),
  ]).toEqual([
    ...([
      'caller',
      'rate',
      'refused',
      'refused',
      'refused',
      'forbidden',
      'login',
      'busy',
      'gateway',
    ] as const),
    ...(['missing', 'failed', 'failed', 'failed', 'silent', 'failed'] as const),
  ]);
});

test('nobody sits out for what is the caller’s fault or ours, and none of that counts against an uptime', () => {
  for (const { whose, benches, isOutage, countsAgainstUptime } of Object.values(FAULTS)) {
    if (whose !== 'the caller’s' && whose !== 'ours') continue;
    expect([benches, isOutage, countsAgainstUptime]).toEqual([null, false, false]);
  }
});
