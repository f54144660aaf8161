/** Everything that is known of one request, beside the list that it stands in. It has an address of its own. */
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { GenerationDetails } from '../../../src/metering/answers.ts';
import { ApiError } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { IconButton } from '../../shared/components/button.tsx';
import { CopyButton } from '../../shared/components/copy-button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { DownIcon, UpIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { EndingBadge } from '../../shared/requests/ending-badge.tsx';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { generationQuery } from './api/read-generation.ts';
import { AttemptsPart } from './attempts-part.tsx';
import { ContentPart } from './content-part.tsx';
import { CostPart } from './cost-part.tsx';
import { FeedbackPart } from './feedback-part.tsx';
import { filtersOf } from './filter-facts.tsx';
import { originOf, outcomeOf, tokensOf } from './generation-facts.tsx';

export interface Neighbours {
  /** In the list as it is narrowed; null: there is none. */
  readonly newer: string | null;
  readonly older: string | null;
}

export function GenerationSheet({
  id,
  neighbours,
  onShow,
  onClose,
}: {
  id: string;
  neighbours: Neighbours;
  onShow: (id: string) => void;
  onClose: () => void;
}) {
  const generation = useQuery(generationQuery(id));
  const isNotFound = generation.error instanceof ApiError && generation.error.status === 404;
  const { newer, older } = neighbours;
  // Wherever in the sheet the focus is.
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const to = event.key === 'ArrowUp' ? newer : event.key === 'ArrowDown' ? older : null;
      // What scrolls by itself keeps its arrows.
      if (to === null || (event.target as HTMLElement).closest('[data-own-keys]') !== null) return;
      event.preventDefault();
      onShow(to);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  });
  // One starts at the top.
  useEffect(() => {
    document.querySelector(`[data-sheet-top="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'end' });
  }, [id]);
  return (
    <Dialog isOpen isSheet title="Request" onClose={onClose}>
      <div className="grid min-w-0 grid-cols-1 gap-5">
        <div data-sheet-top={id} className="flex flex-wrap items-center gap-2">
          <IconButton
            label="Newer request"
            disabled={newer === null}
            onClick={() => newer !== null && onShow(newer)}
            className="disabled:opacity-40"
          >
            <UpIcon />
          </IconButton>
          <IconButton
            label="Older request"
            disabled={older === null}
            onClick={() => older !== null && onShow(older)}
            className="disabled:opacity-40"
          >
            <DownIcon />
          </IconButton>
          <span className="ml-auto flex flex-wrap gap-2">
            <CopyButton text={id} label="Copy id" />
            <CopyButton
              text={`${location.origin}/api/v1/generation?id=${encodeURIComponent(id)}`}
              label="Copy API address"
            />
          </span>
        </div>
        {generation.isPending && <Loading label="Loading the request" />}
        {isNotFound && (
          <EmptyState title="No request with this id is here">
            <p>
              It may still be running, it was refused before any provider was asked, it belongs to somebody
              else, or the id is wrong.
            </p>
          </EmptyState>
        )}
        {generation.isError && !isNotFound && (
          <LoadError
            title="The request could not be loaded"
            error={generation.error}
            onRetry={() => void generation.refetch()}
          />
        )}
        {generation.isSuccess && <Details key={id} generation={generation.data} />}
      </div>
    </Dialog>
  );
}

function Details({ generation }: { generation: GenerationDetails }) {
  const session = useSession();
  const { error } = generation;
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <EndingBadge generation={generation} />
        <span className="min-w-0 font-medium wrap-anywhere">
          <Untrusted>{generation.model}</Untrusted>
        </span>
      </div>
      {error !== null && (
        <Alert tone="danger" title={error.message ?? 'The provider failed'}>
          <Untrusted>{error.provider_name}</Untrusted>
          {error.status === null ? ' gave no answer' : ` answered HTTP ${error.status}`} (
          <code className="font-mono">{error.code}</code>).
        </Alert>
      )}
      <Facts facts={outcomeOf(generation)} />
      <AttemptsPart generation={generation} />
      <section className="grid gap-2">
        <h3 className="font-semibold">Tokens</h3>
        <Facts facts={tokensOf(generation)} />
      </section>
      <CostPart generation={generation} />
      {generation.content_filters !== null && (
        <section className="grid gap-2">
          <h3 className="font-semibold">Content filters</h3>
          <Facts facts={filtersOf(generation.content_filters)} />
        </section>
      )}
      <section className="grid gap-2">
        <h3 className="font-semibold">Where it came from</h3>
        <Facts facts={originOf(generation)} />
      </section>
      {hasRole(session, 'admin') && (
        <>
          <ContentPart id={generation.id} />
          <FeedbackPart id={generation.id} />
        </>
      )}
    </>
  );
}
