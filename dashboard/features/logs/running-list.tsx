/** Requests that a provider works on now: what somebody looks for who waits for one. */
import { useQuery } from '@tanstack/react-query';
import { Spinner } from '../../shared/components/spinner.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount, formatDuration } from '../../shared/format/count.ts';
import { keyNameOf } from '../../shared/requests/generation.ts';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { runningQuery } from './api/list-running.ts';

const MAX_SHOWN = 5;

export function RunningList({ keyHash, isLive }: { keyHash: string | null; isLive: boolean }) {
  const { data: running = [], dataUpdatedAt: atMs } = useQuery(
    runningQuery(keyHash, useChosenWorkspace()?.id ?? null, isLive),
  );
  if (running.length === 0) return null;
  return (
    <section aria-label="Running now" className="mb-4 grid grid-cols-1 gap-1 rounded-lg bg-raised px-3 py-2">
      <h2 className="flex items-center gap-2 font-medium">
        <Spinner /> {formatCount(running.length)} running now
      </h2>
      <ul>
        {running.slice(0, MAX_SHOWN).map((request) => (
          <li key={request.id} className="flex flex-wrap items-baseline gap-x-3">
            <span className="max-w-full min-w-0 truncate">
              <Untrusted>{request.model}</Untrusted>
            </span>
            <span className="max-w-full min-w-0 truncate text-muted">
              {request.provider_name !== null && (
                <>
                  <Untrusted>{request.provider_name}</Untrusted> ·{' '}
                </>
              )}
              <Untrusted>{keyNameOf(request)}</Untrusted>
            </span>
            <span className="ml-auto tabular-nums text-muted">
              {formatDuration(Math.max(0, atMs - Date.parse(request.created_at)))}
            </span>
          </li>
        ))}
      </ul>
      {running.length > MAX_SHOWN && (
        <p className="text-muted">and {formatCount(running.length - MAX_SHOWN)} more</p>
      )}
    </section>
  );
}
