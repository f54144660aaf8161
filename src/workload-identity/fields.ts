/** What the bodies of issuers and policies may say. No I/O. */
import { z } from 'zod';
import { addressFault } from '../egress/guarded-get.ts';
import { invalidField } from '../errors.ts';
import { flag, nonEmpty, parse, UUID } from '../keys/key-fields.ts';
import { isKeyHash } from '../keys/keys.ts';
import { pinnedJwksFault } from './jwks.ts';
import type { IssuerChanges, PolicyChanges } from './store.ts';

const MAX_NAME_LENGTH = 100;
const MAX_URL_LENGTH = 2048;
const MAX_PINNED_LENGTH = 64 * 1024;
/** As much as a token may say of itself. */
const MAX_CLAIM_LENGTH = 512;

const upTo = (max: number) => nonEmpty.max(max, `must have at most ${max} characters`);
const name = upTo(MAX_NAME_LENGTH);
const claim = upTo(MAX_CLAIM_LENGTH);
const optionalClaim = claim.nullable().optional();

export interface IssuerFields extends IssuerChanges {
  readonly name: string;
  readonly issuer_url: string;
  readonly jwks_url: string | null;
  readonly pinned_jwks: string | null;
}

export interface PolicyFields {
  readonly name: string;
  readonly issuer_id: string;
  readonly subject: string;
  readonly audience: string;
  readonly required_scope: string | null;
  readonly required_token_type: string | null;
  readonly target_key_hash: string;
  readonly enabled: 0 | 1;
}

export interface FederationBodies {
  newIssuer(body: unknown): IssuerFields;
  /** What is not named stays as it is. */
  issuerPatch(body: unknown): IssuerChanges;
  newPolicy(body: unknown): PolicyFields;
  policyPatch(body: unknown): PolicyChanges;
}

/** `privateHosts`: those that the operator vouches for. */
export function federationBodies(privateHosts: readonly string[]): FederationBodies {
  const issuerShape = issuerShapeFor(privateHosts);
  const newIssuer = z.object(issuerShape, 'must be a JSON object');
  const issuerPatch = newIssuer.partial();
  const newPolicy = z.object(policyShape, 'must be a JSON object');
  const policyPatch = newPolicy.partial();
  return {
    newIssuer(body) {
      const { jwks, ...fields } = parse(newIssuer, body);
      return { ...fields, jwks_url: fields.jwks_url ?? null, pinned_jwks: jwks ?? null };
    },
    issuerPatch(body) {
      const { jwks, ...fields } = parse(issuerPatch, body);
      return named({ ...fields, pinned_jwks: jwks });
    },
    newPolicy(body) {
      const { condition: _never, enabled, ...fields } = parse(newPolicy, body);
      return {
        ...fields,
        required_scope: fields.required_scope ?? null,
        required_token_type: fields.required_token_type ?? null,
        enabled: enabled === false ? 0 : 1,
      };
    },
    policyPatch(body) {
      const { condition: _never, enabled, ...fields } = parse(policyPatch, body);
      return named({ ...fields, enabled: enabled === undefined ? undefined : enabled ? 1 : 0 });
    },
  };
}

/** Discovery and a pinned set are two answers to one question. */
export function mustHaveOneKeySource(issuer: { jwks_url: string | null; pinned_jwks: string | null }): void {
  if (issuer.jwks_url !== null && issuer.pinned_jwks !== null)
    throw invalidField('jwks', 'cannot be given together with jwks_url');
}

function issuerShapeFor(privateHosts: readonly string[]) {
  const address = upTo(MAX_URL_LENGTH).superRefine((value, context) => {
    const fault = addressFault(value, privateHosts);
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
  });
  return {
    name,
    issuer_url: address.refine((value) => !value.includes('?'), 'must not have a "?" part'),
    jwks_url: address.nullable().optional(),
    jwks: pinnedJwks.nullable().optional(),
  };
}

const pinnedJwks = z.unknown().transform((value, context) => {
  const text = JSON.stringify(value) ?? '';
  const fault =
    text.length > MAX_PINNED_LENGTH
      ? `must have at most ${MAX_PINNED_LENGTH} characters`
      : pinnedJwksFault(value);
  if (fault === null) return text;
  context.addIssue({ code: 'custom', message: fault });
  return z.NEVER;
});

const policyShape = {
  name,
  issuer_id: z.string('must be a UUID').regex(UUID, 'must be a UUID').toLowerCase(),
  subject: z
    .string('is required: conditions are not available yet, so only the subject can tell workloads apart')
    .pipe(claim),
  audience: claim,
  required_scope: optionalClaim,
  required_token_type: optionalClaim,
  condition: z
    .null('conditions are not available yet; give a subject instead, and the claim checks that you need')
    .optional(),
  target_key_hash: nonEmpty.refine(isKeyHash, 'must be the hash of an API key'),
  enabled: flag.optional(),
};

function named<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}
