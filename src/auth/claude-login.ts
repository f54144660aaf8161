/**
 * Claude Code's own login, which may come beside a key of ours: the token of somebody's subscription at Anthropic. It is theirs, passes
 * through to Anthropic alone, and is kept for no longer than its request.
 */
import { inspect } from 'node:util';
import { TurnpikeError } from '../errors.ts';

/** In which a key of ours comes where `Authorization` holds the login. */
export const LOGIN_KEY_HEADER = 'x-turnpike-key';

/** How Anthropic's OAuth tokens begin; its API keys begin with `sk-ant-api`. */
const LOGIN = /^bearer (sk-ant-oat[\x21-\x2b\x2d-\x7e]+)$/i;
const MOST_CHARACTERS = 4096;

/** Whatever writes it down writes no token. */
export class ClaudeLogin {
  readonly #token: string;
  /** Which client it is of: Anthropic takes a subscription's token from Claude Code alone. */
  readonly userAgent: string | null;

  constructor(token: string, userAgent: string | null) {
    this.#token = token;
    this.userAgent = userAgent;
  }

  /** For the request to Anthropic, and nothing else. */
  reveal(): string {
    return this.#token;
  }

  toJSON(): string {
    return '[login]';
  }

  [inspect.custom](): string {
    return '[login]';
  }
}

/** Null: `Authorization` holds no login. */
export function claudeLoginOf(headers: Headers): ClaudeLogin | null {
  const header = headers.get('authorization');
  const token = header === null || header.length > MOST_CHARACTERS ? undefined : LOGIN.exec(header)?.[1];
  return token === undefined ? null : new ClaudeLogin(token, headers.get('user-agent'));
}

export function isClaudeLogin(headers: Headers): boolean {
  const header = headers.get('authorization');
  return header !== null && header.length <= MOST_CHARACTERS && LOGIN.test(header);
}

/** Nobody knows whom to attribute it to. */
export function loginWithoutKey(challenge: string): TurnpikeError {
  return new TurnpikeError('missing_api_key', {
    message:
      `A Claude login passes through beside a key of this gateway in ${LOGIN_KEY_HEADER} alone ` +
      `(in Claude Code: ANTHROPIC_CUSTOM_HEADERS)`,
    headers: { 'WWW-Authenticate': challenge },
  });
}
