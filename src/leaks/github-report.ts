/**
 * GitHub's reports of secrets that it found in public ("Secret scanning partner program", docs.github.com): who may have sent one, what
 * is in it, and what GitHub is told of each.
 */
import { verify } from 'node:crypto';
import { z } from 'zod';
import { hashOf, isWellFormedKey } from '../auth/key-secret.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { isStorable } from '../json.ts';
import type { GithubKeys } from './github-keys.ts';

/** GitHub may send many matches in one message; this is some twenty thousand. */
export const REPORT_BYTES = 8 * 1024 * 1024;
const MOST_MATCHES = 50_000;
const MAX_URL = 2000;
const MAX_PLACE = 100;
/** Base64 of a DER signature on P-256, which has 72 bytes at most. */
const SIGNATURE = /^[A-Za-z0-9+/]{80,100}={0,2}$/;
const IDENTIFIER = /^[0-9a-f]{40,128}$/;

const textOrNothing = z.string().nullish();
const report = z
  .array(z.object({ token: z.string(), type: z.string(), url: textOrNothing, source: textOrNothing }))
  .min(1)
  .max(MOST_MATCHES);

export interface Match {
  /** SHA-256 of what was found. */
  readonly hash: string;
  readonly type: string;
  /** Whether it can be one of our keys at all. */
  readonly isWellFormed: boolean;
  readonly place: string | null;
  readonly url: string | null;
}

/** As GitHub takes feedback: the hash in the place of the secret. */
export interface Feedback {
  readonly token_hash: string;
  readonly token_type: string;
  readonly label: 'true_positive' | 'false_positive';
}

/** Throws 401 for anything that GitHub has not signed as it stands, byte for byte. */
export async function mustBeSigned(keys: GithubKeys, headers: Headers, body: Uint8Array): Promise<void> {
  const identifier = headers.get('github-public-key-identifier') ?? '';
  const signature = headers.get('github-public-key-signature') ?? '';
  if (!IDENTIFIER.test(identifier) || !SIGNATURE.test(signature)) throw refused();
  const key = await keys.find(identifier);
  if (key === null || !verify('sha256', body, key, Buffer.from(signature, 'base64'))) throw refused();
}

/** Throws 400 for what is no report. The secrets themselves end here. */
export function matchesIn(body: Uint8Array): Match[] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new TurnpikeError('invalid_request', { message: 'The report is not valid JSON', cause });
  }
  const read = report.safeParse(json);
  if (!read.success)
    throw invalidRequest('The report must be a list of matches, each with token, type, url and source');
  return read.data.map(({ token, type, url, source }) => ({
    ...{ hash: hashOf(token), type, isWellFormed: isWellFormedKey(token) },
    ...{ place: shortened(source, MAX_PLACE), url: webAddress(url) },
  }));
}

/** What both databases store, and no longer than anybody reads; null: nothing was said. */
function shortened(text: string | null | undefined, most: number): string | null {
  if (text === null || text === undefined || text === '' || !isStorable(text)) return null;
  return text.slice(0, most);
}

/** It becomes a link on a page of ours. */
function webAddress(text: string | null | undefined): string | null {
  const url = URL.parse(text ?? '');
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? shortened(text, MAX_URL) : null;
}

function refused(): TurnpikeError {
  return new TurnpikeError('bad_signature', { message: 'This report is not signed by GitHub' });
}
