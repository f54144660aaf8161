/** Whether a token fits a policy: everything it names must be exactly so. No I/O. */
import type { SubjectToken } from './subject-token.ts';

export interface PolicyRules {
  readonly subject: string;
  readonly audience: string;
  readonly required_scope: string | null;
  readonly required_token_type: string | null;
}

/** The first rule that the token breaks, for the operator's log; null: none. */
export function brokenRule(rules: PolicyRules, token: SubjectToken): string | null {
  if (token.subject !== rules.subject) return 'subject';
  if (!token.audiences.includes(rules.audience)) return 'audience';
  if (rules.required_scope !== null && !token.scopes.includes(rules.required_scope)) return 'scopes';
  if (rules.required_token_type !== null && token.tokenType !== rules.required_token_type)
    return 'token_type';
  return null;
}
