/** Failures as SCIM tells them (RFC 7644, 3.12). No I/O. */
import type { ErrorForm } from '../error-body.ts';
import { type ErrorCode, TurnpikeError } from '../errors.ts';

const SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

type ScimType =
  | 'invalidFilter'
  | 'invalidPath'
  | 'invalidSyntax'
  | 'invalidValue'
  | 'mutability'
  | 'noTarget'
  | 'uniqueness';

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  404: 'not_found',
  409: 'conflict',
};

export function scimError(status: 400 | 404 | 409, detail: string, scimType?: ScimType): TurnpikeError {
  return new TurnpikeError(CODES[status] ?? 'invalid_request', {
    message: detail,
    ...(scimType === undefined ? {} : { metadata: { scimType } }),
  });
}

/** Every error of these paths, also those that no handler sees. The status is a text there. */
export const SCIM_ERRORS: ErrorForm = {
  errorBody: ({ status, message, metadata }) => ({
    schemas: [SCHEMA],
    status: String(status),
    ...(metadata?.['scimType'] === undefined ? {} : { scimType: metadata['scimType'] }),
    detail: message,
  }),
  errorHeaders: () => ({ 'content-type': 'application/scim+json' }),
};
