/** Failures as Google tells them: `{error: {code, message, status, details}}` (google.rpc.Status in JSON). */
import type { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';

/** By HTTP status: the words of google.rpc.Code. */
const WORDS: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  // A project without billing is told so there.
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  410: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  524: 'DEADLINE_EXCEEDED',
  529: 'UNAVAILABLE',
};

export function errorBody(error: TurnpikeError): JsonObject {
  const word = WORDS[error.status] ?? (error.status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
  return { error: { code: error.status, message: error.message, status: word, details: detailsOf(error) } };
}

/** Only where a repeat can help there is a time to wait for. */
function detailsOf({ code, type, metadata, retryAfterSeconds }: TurnpikeError): readonly JsonObject[] {
  const texts = Object.entries(metadata).filter(([, value]) => typeof value === 'string');
  return [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: code.toUpperCase(),
      domain: 'turnpike',
      metadata: { error_type: type, ...Object.fromEntries(texts) },
    },
    ...(retryAfterSeconds === undefined
      ? []
      : [
          {
            '@type': 'type.googleapis.com/google.rpc.RetryInfo',
            retryDelay: `${Math.max(1, retryAfterSeconds)}s`,
          },
        ]),
  ];
}
