/** What apps may say in bodies: asking for a code with a key, and exchanging one. No I/O. */
import { z } from 'zod';
import { invalidRequest } from '../errors.ts';
import {
  expiresAt,
  limit,
  limitReset,
  mustBeAhead,
  nonEmpty,
  parse,
  text,
  workspaceId,
} from '../keys/key-fields.ts';
import type { ChallengeMethod, LimitReset } from '../storage/schema.ts';
import { CALLBACK_RULE, type CallbackUrl, parseCallbackUrl } from './authorization/callback-url.ts';
import type { Challenge } from './authorization/pkce.ts';

export const OPENING = 'Invalid request parameters: ';
const LABEL_MAX_LENGTH = 100;
const CHALLENGE_MAX_LENGTH = 1024;

export const challengeText = nonEmpty.max(
  CHALLENGE_MAX_LENGTH,
  `must have at most ${CHALLENGE_MAX_LENGTH} characters`,
);
export const keyLabel = nonEmpty.max(LABEL_MAX_LENGTH, `must have at most ${LABEL_MAX_LENGTH} characters`);

const codeBody = z.object(
  {
    callback_url: text.transform((value, context) => {
      const url = parseCallbackUrl(value);
      if (url !== null) return url;
      context.addIssue({ code: 'custom', message: CALLBACK_RULE });
      return z.NEVER;
    }),
    code_challenge: challengeText.optional(),
    code_challenge_method: z.unknown().optional(),
    key_label: keyLabel.optional(),
    limit: limit.unwrap().optional(),
    usage_limit_type: limitReset.unwrap().optional(),
    expires_at: expiresAt.optional(),
    workspace_id: workspaceId.optional(),
  },
  'must be a JSON object',
);

const exchangeBody = z.object(
  { code: nonEmpty, code_verifier: text.optional(), code_challenge_method: z.unknown().optional() },
  'must be a JSON object',
);

/** The key that an app would like, as far as it says. */
export interface KeyWish {
  readonly limitNanoUsd: bigint | null;
  readonly limitReset: LimitReset | null;
  readonly expiresAtMs: number | null;
  /** Null: that of the key which authorises it, or the account's default one. */
  readonly workspaceId: string | null;
}

export interface CodeRequest {
  readonly callback: CallbackUrl;
  readonly challenge: Challenge | null;
  readonly keyName: string;
  readonly wish: KeyWish;
}

/** A body of `POST /auth/keys/code`. */
export function parseCodeRequest(body: unknown, nowMs: number): CodeRequest {
  const fields = parse(codeBody, body, OPENING);
  mustBeAhead(fields.expires_at ?? null, nowMs);
  return {
    callback: fields.callback_url,
    challenge: challengeOf(fields.code_challenge, fields.code_challenge_method),
    keyName: fields.key_label ?? fields.callback_url.host,
    wish: {
      limitNanoUsd: fields.limit ?? null,
      limitReset: fields.usage_limit_type ?? null,
      expiresAtMs: fields.expires_at ?? null,
      workspaceId: fields.workspace_id ?? null,
    },
  };
}

export interface Exchange {
  readonly code: string;
  readonly verifier: string | null;
  /** Null: whatever the code was asked for with. */
  readonly method: ChallengeMethod | null;
}

/** A body of `POST /auth/keys`. */
export function parseExchange(body: unknown): Exchange {
  const fields = parse(exchangeBody, body, OPENING);
  const method = fields.code_challenge_method ?? null;
  return {
    code: fields.code,
    verifier: fields.code_verifier ?? null,
    method: method === null ? null : methodOf(method),
  };
}

export const invalidMethod = () => invalidRequest('Invalid code_challenge_method');

/** Without a method it is `plain`, as RFC 7636 (4.3) has it. A method alone would promise a protection that is not there. */
export function challengeOf(challenge: string | undefined, method: unknown): Challenge | null {
  const known = method === undefined ? null : methodOf(method);
  if (challenge !== undefined) return { text: challenge, method: known ?? 'plain' };
  if (known === null) return null;
  throw invalidRequest(`${OPENING}code_challenge: is required with a code_challenge_method`);
}

function methodOf(value: unknown): ChallengeMethod {
  if (value === 'S256' || value === 'plain') return value;
  throw invalidMethod();
}
