/** A vendor that refuses what it gave us: the next request gets another one, should it have been revoked. */
import type { StreamableReader } from '../providers/adapter.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { ProviderCredentials } from './provider-credentials.ts';

/** Tells the same, and takes back the credential that the call was sent with when it is refused. */
export function noticingRefusals<A>(
  credentials: ProviderCredentials,
  slug: string,
  reader: StreamableReader<A>,
): StreamableReader<A> {
  const sentWith = credentials.current(slug);
  return {
    onAnswered: () => reader.onAnswered(),
    onEvents: (events) => reader.onEvents(events),
    onEnd: () => reader.onEnd(),
    onWhole: (answer) => reader.onWhole(answer),
    onFailure: (error) => {
      if (sentWith !== null && isRefusal(error)) credentials.refused(slug, sentWith);
      reader.onFailure(error);
    },
  };
}

function isRefusal(error: Error): boolean {
  return error instanceof ProviderError && (error.status === 401 || error.status === 403);
}
