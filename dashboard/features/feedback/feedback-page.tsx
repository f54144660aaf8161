/** What callers said of the answers that they got. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { FeedbackEntry } from '../../../src/feedback/answers.ts';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { CodeBlock } from '../../shared/components/code-block.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { Field } from '../../shared/components/field.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Select } from '../../shared/components/select.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { UntrustedText } from '../../shared/components/untrusted.tsx';
import { formatDateTime, formatRelative } from '../../shared/format/time.ts';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { FEEDBACK_A_PAGE, feedbackQuery } from './api/list-feedback.ts';

const TITLE = 'Feedback';
const LABELS: Readonly<Record<FeedbackEntry['category'], string>> = {
  latency: 'Too slow',
  incoherence: 'Incoherent',
  incorrect_response: 'Wrong',
  formatting: 'Badly formatted',
  billing: 'Billing',
  api_error: 'API error',
  other: 'Other',
};

export function FeedbackPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <Feedback />
    </RoleGate>
  );
}

/** All that narrows the list is in the page's address. */
function useShown() {
  const search = useSearch({ strict: false }) as { category?: string; page?: string };
  const navigate = useNavigate();
  const category = Object.hasOwn(LABELS, search.category ?? '') ? (search.category ?? null) : null;
  const page = /^[1-9]\d{0,4}$/.test(search.page ?? '') ? Number(search.page) : 1;
  const show = (next: { category: string | null; page: number }) =>
    void navigate({
      to: '/feedback' as '/',
      search: {
        ...(next.category === null ? {} : { category: next.category }),
        ...(next.page === 1 ? {} : { page: String(next.page) }),
      } as never,
    });
  return { category, page, show };
}

function Feedback() {
  const { category, page, show } = useShown();
  const workspaceId = useChosenWorkspace()?.id ?? null;
  const feedback = useQuery(feedbackQuery({ category, page, workspaceId }));
  const entries = feedback.data ?? [];
  return (
    <>
      <PageTitle
        title={TITLE}
        description="What callers said of the answers that they got, newest first."
        actions={
          <Field label={<span className="sr-only">Kind</span>}>
            {(control) => (
              <Select
                {...control}
                value={category ?? ''}
                options={[
                  { value: '', label: 'Every kind' },
                  ...Object.entries(LABELS).map(([value, label]) => ({ value, label })),
                ]}
                onChange={({ target }) =>
                  show({ category: target.value === '' ? null : target.value, page: 1 })
                }
              />
            )}
          </Field>
        }
      />
      <Card>
        {feedback.isPending && <Loading label="Loading the feedback" />}
        {feedback.isError && (
          <LoadError
            title="The feedback could not be loaded"
            error={feedback.error}
            onRetry={() => void feedback.refetch()}
          />
        )}
        {feedback.isSuccess && entries.length === 0 && <Nothing isNarrowed={category !== null || page > 1} />}
        {entries.length > 0 && (
          <ul className="grid grid-cols-1 divide-y divide-border">
            {entries.map((entry) => (
              <Entry key={`${entry.generation_id} ${entry.api_key_hash} ${entry.category}`} entry={entry} />
            ))}
          </ul>
        )}
      </Card>
      {(page > 1 || entries.length === FEEDBACK_A_PAGE) && (
        <div className="mt-4 flex items-center justify-between">
          <Button
            variant="secondary"
            disabled={page === 1}
            onClick={() => show({ category, page: page - 1 })}
          >
            Newer
          </Button>
          <Button
            variant="secondary"
            disabled={entries.length < FEEDBACK_A_PAGE}
            onClick={() => show({ category, page: page + 1 })}
          >
            Older
          </Button>
        </div>
      )}
    </>
  );
}

function Entry({ entry }: { entry: FeedbackEntry }) {
  return (
    <li className="grid grid-cols-1 gap-1.5 py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <Badge tone={entry.category === 'other' ? 'neutral' : 'warning'}>{LABELS[entry.category]}</Badge>
        <time
          dateTime={entry.created_at}
          title={formatDateTime(entry.created_at)}
          className="whitespace-nowrap text-muted"
        >
          {formatRelative(entry.created_at)}
        </time>
      </div>
      {entry.comment !== null && entry.comment !== '' && (
        <p>
          <UntrustedText>{entry.comment}</UntrustedText>
        </p>
      )}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-muted">
        <span className="min-w-0 text-xs">
          <CopyableText text={entry.generation_id} label="id of the request" />
        </span>
        <TextLink to={`/logs?id=${entry.generation_id}`}>In the log</TextLink>
        <TextLink to={`/keys/${entry.api_key_hash}`}>The key that said it</TextLink>
      </div>
    </li>
  );
}

const EXAMPLE = `curl ${location.origin}/api/v1/generation/feedback \\
  -H "Authorization: Bearer $OPENROUTER_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"generation_id": "gen-…", "category": "incorrect_response", "comment": "…"}'`;

function Nothing({ isNarrowed }: { isNarrowed: boolean }) {
  if (isNarrowed)
    return (
      <EmptyState title="Nothing of this kind was said">
        <TextLink to="/feedback">Show all feedback</TextLink>
      </EmptyState>
    );
  return (
    <div className="grid grid-cols-1 gap-4">
      <EmptyState title="Nobody has said anything yet">
        Apps tell what their users think of an answer with its id, which every answer has.
      </EmptyState>
      <CodeBlock code={EXAMPLE} label="example" />
    </div>
  );
}
