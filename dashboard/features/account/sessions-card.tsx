/** Every place where one is signed in, and the way to end it. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ListedSession } from '../../../src/accounts/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { formatDateTime, formatRelative } from '../../shared/format/time.ts';
import { endOtherSessions } from './api/end-other-sessions.ts';
import { endSession } from './api/end-session.ts';
import { sessionsQuery } from './api/list-sessions.ts';
import { browserName } from './browser-name.ts';

export function SessionsCard() {
  const sessions = useQuery(sessionsQuery);
  const queryClient = useQueryClient();
  const toast = useToast();
  const refresh = () => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  const others = useMutation({
    mutationFn: endOtherSessions,
    onSuccess: async () => {
      await refresh();
      toast('Every other session is ended');
    },
  });
  const ending = useMutation({ mutationFn: endSession, onSuccess: refresh });
  const error = others.error ?? ending.error;
  return (
    <Card
      title="Sessions"
      description="Where you are signed in. End any that you do not recognise."
      actions={
        (sessions.data?.length ?? 0) > 1 && (
          <Button variant="secondary" isBusy={others.isPending} onClick={() => others.mutate()}>
            End all others
          </Button>
        )
      }
    >
      {sessions.isError && (
        <LoadError
          title="The sessions could not be loaded"
          error={sessions.error}
          onRetry={() => void sessions.refetch()}
        />
      )}
      {error !== null && (
        <div className="mb-3">
          <Alert tone="danger">{messageOf(error)}</Alert>
        </div>
      )}
      {sessions.isPending && <Loading />}
      <ul className="divide-y divide-border">
        {sessions.data?.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            isEnding={ending.isPending && ending.variables === session.id}
            onEnd={() => ending.mutate(session.id)}
          />
        ))}
      </ul>
    </Card>
  );
}

function SessionRow({
  session,
  isEnding,
  onEnd,
}: {
  session: ListedSession;
  isEnding: boolean;
  onEnd: () => void;
}) {
  const name = browserName(session.user_agent);
  return (
    <li className="flex items-center gap-3 py-2.5 first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <span title={plainName(session.user_agent ?? '')}>{name}</span>
          {session.is_current && <Badge tone="success">This session</Badge>}
        </p>
        <p className="text-muted">
          {session.ip_address !== null && session.ip_address !== '' && (
            <>{plainName(session.ip_address)} · </>
          )}
          signed in {formatDateTime(session.created_at)} · used {formatRelative(session.last_used_at)}
        </p>
      </div>
      {!session.is_current && (
        <Button
          variant="secondary"
          isBusy={isEnding}
          aria-label={`End the session of ${name}`}
          onClick={onEnd}
        >
          End
        </Button>
      )}
    </li>
  );
}
