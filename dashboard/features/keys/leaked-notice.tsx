/** A key whose secret was found where everybody can read it: what happened to it, and the two ways on. */
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { PageKey } from '../../../src/keys/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { LeakWaysOn } from '../../shared/components/leak-ways-on.tsx';
import { changeKey } from './api/change-key.ts';
import { rotateKey } from './api/rotate-key.ts';

/** Of a key on its own page, which goes on under the name of the new secret. */
export function LeakedNotice({ apiKey, leak }: { apiKey: PageKey; leak: NonNullable<PageKey['leak']> }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return (
    <Alert tone="danger" title="This key is public">
      <LeakWaysOn
        leak={leak}
        refused="whatever uses it, or a key that it made,"
        replace={() => rotateKey(apiKey.hash, 0)}
        restore={() => changeKey(apiKey.hash, { disabled: false })}
        onReplaced={async (hash) => {
          await navigate({ to: '/keys/$hash', params: { hash }, replace: true });
          await queries.invalidateQueries({ queryKey: ['keys'] });
        }}
        onRestored={() => queries.invalidateQueries({ queryKey: ['keys'] })}
      />
    </Alert>
  );
}
