/** Whether a key's limit and state are an admin's word, which whoever looks at it cannot change. */
import type { PageKey } from '../../../src/keys/answers.ts';
import { hasRole, useSession } from '../../shared/session/session-query.ts';

export function useIsBound(apiKey: PageKey): boolean {
  const session = useSession();
  return apiKey.bounded_by_admin && !hasRole(session, 'admin');
}
