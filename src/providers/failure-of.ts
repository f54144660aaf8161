/** What a broken exchange means: nothing in time, no provider, or one that broke off. */
import type { UpstreamFailure } from '../upstream/upstream.ts';
import { ProviderError } from './provider-error.ts';

export function failureOf(failure: UpstreamFailure): ProviderError {
  const { kind, hasAnswered, neverSent, cause } = failure;
  const known = { fault: 'provider' as const, hasAnswered, neverSent, cause, detail: detailOf(failure) };
  switch (kind) {
    case 'timeout':
      return new ProviderError('timeout', { message: 'Provider did not answer in time', ...known });
    case 'malformed':
    case 'too-large':
      return new ProviderError('garbage', {
        message: 'Provider returned an answer that cannot be read',
        ...known,
      });
    default:
      return new ProviderError('unreachable', {
        message: 'Provider could not be reached or closed the connection',
        ...known,
      });
  }
}

function detailOf({ kind, timeout, cause }: UpstreamFailure): string {
  return [kind, timeout, cause?.message].filter((part) => (part ?? '') !== '').join(': ');
}
