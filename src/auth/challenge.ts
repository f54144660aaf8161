/** Tells clients that come without a good key where they may get one (RFC 9728, 5.1): MCP clients find our sign-in that way. */
import { TurnpikeError } from '../errors.ts';
import type { Authenticate } from './authenticate.ts';

const HEADER = 'WWW-Authenticate';

export function withResourceMetadata(authenticate: Authenticate, metadataUrl: string): Authenticate {
  function challenged(thrown: unknown): unknown {
    const challenge = thrown instanceof TurnpikeError ? thrown.headers[HEADER] : undefined;
    if (!(thrown instanceof TurnpikeError) || challenge === undefined) return thrown;
    const { code, message, status, metadata } = thrown;
    const headers = { ...thrown.headers, [HEADER]: `${challenge}, resource_metadata="${metadataUrl}"` };
    return new TurnpikeError(code, { message, status, metadata, headers });
  }

  return (request, access, keyHeaders) => {
    try {
      const found = authenticate(request, access, keyHeaders);
      if (!(found instanceof Promise)) return found;
      return found.catch((thrown: unknown) => {
        throw challenged(thrown);
      });
    } catch (thrown) {
      throw challenged(thrown);
    }
  };
}
