/** A refusal to somebody who has shown who they are: the audit log tells who asked for what they may not have. */
import { type ErrorCode, type ErrorDetails, TurnpikeError } from '../errors.ts';
import type { Principal } from './principal.ts';
import type { Session } from './session.ts';

export interface KnownCaller {
  readonly kind: 'user' | 'management_key' | 'api_key';
  /** A user's id, a key's hash. */
  readonly id: string;
  readonly accountId: string;
}

export class CallerRefused extends TurnpikeError {
  readonly caller: KnownCaller;

  constructor(code: ErrorCode, caller: KnownCaller, details: ErrorDetails = {}) {
    super(code, details);
    this.caller = caller;
  }
}

export function keyCaller({ kind, keyHash, accountId }: Principal): KnownCaller {
  return { kind: kind === 'management' ? 'management_key' : 'api_key', id: keyHash, accountId };
}

export function sessionCaller({ userId, accountId }: Pick<Session, 'userId' | 'accountId'>): KnownCaller {
  return { kind: 'user', id: userId, accountId };
}
