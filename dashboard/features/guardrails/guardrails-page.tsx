/** The guardrails that there are, and whom they bind. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Guardrail } from '../../../src/guardrails/answers.ts';
import { buttonClass } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { ChevronRightIcon, PlusIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { assignedKeysQuery, assignedMembersQuery } from './api/assignments.ts';
import { guardrailsQuery, organisationGuardrailQuery } from './api/list-guardrails.ts';
import { plural, summaryOf, titleOf } from './summary.ts';

const TITLE = 'Guardrails';

export function GuardrailsPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <Guardrails />
    </RoleGate>
  );
}

function Guardrails() {
  const list = useQuery(guardrailsQuery(useChosenWorkspace()?.id ?? null));
  const organisation = useQuery(organisationGuardrailQuery);
  const keys = useQuery(assignedKeysQuery(null));
  const members = useQuery(assignedMembersQuery(null));
  const add = (
    <Link to={'/settings/guardrails/new' as '/'} className={buttonClass()}>
      <PlusIcon />
      Add guardrail
    </Link>
  );
  const failed = list.isError ? list : organisation.isError ? organisation : null;
  const ofEverybody = (list.data?.data ?? []).filter(({ applies_to }) => applies_to !== null);
  const assigned = (list.data?.data ?? []).filter(({ applies_to }) => applies_to === null);
  const bindsOf = ({ id }: Guardrail): string => {
    const isOf = ({ guardrail_id }: { guardrail_id: string }) => guardrail_id === id;
    const counts = [
      [(keys.data?.data ?? []).filter(isOf).length, 'key'],
      [(members.data?.data ?? []).filter(isOf).length, 'member'],
    ] as const;
    const parts = counts.flatMap(([count, noun]) => (count === 0 ? [] : [plural(count, noun)]));
    return parts.length === 0 ? 'Assigned to nobody' : `Binds ${parts.join(' and ')}`;
  };
  return (
    <>
      <PageTitle
        title={TITLE}
        description="Which models and providers keys may use, what happens with sensitive text, and what may be spent. Where several apply, the stricter wins."
        actions={assigned.length > 0 ? add : undefined}
      />
      <div className="grid gap-5">
        {failed !== null && (
          <LoadError
            title="The guardrails could not be loaded"
            error={failed.error}
            onRetry={() => void failed.refetch()}
          />
        )}
        {failed === null && (list.isPending || organisation.isPending) && (
          <Loading label="Loading guardrails" />
        )}
        {list.data !== undefined && organisation.data !== undefined && (
          <>
            <Card title="For everybody" description="They apply without being assigned.">
              <ul className="-my-1 divide-y divide-border">
                {[organisation.data, ...ofEverybody].map((guardrail) => (
                  <Row key={guardrail.id} guardrail={guardrail} binds={null} />
                ))}
              </ul>
            </Card>
            <Card title="For keys and members" description="They apply to whom they are assigned to.">
              {assigned.length === 0 ? (
                <EmptyState title="No guardrails yet" action={add}>
                  Give a key or a member fewer models, only certain providers, a budget, or filters for
                  sensitive text.
                </EmptyState>
              ) : (
                <ul className="-my-1 divide-y divide-border">
                  {assigned.map((guardrail) => (
                    <Row key={guardrail.id} guardrail={guardrail} binds={bindsOf(guardrail)} />
                  ))}
                </ul>
              )}
            </Card>
            {list.data.total_count > list.data.data.length && (
              <p className="text-muted">
                The first {list.data.data.length} of {list.data.total_count} guardrails are shown; the API
                lists all of them.
              </p>
            )}
          </>
        )}
      </div>
    </>
  );
}

function Row({ guardrail, binds }: { guardrail: Guardrail; binds: string | null }) {
  const summary = summaryOf(guardrail) ?? 'No rules';
  return (
    <li>
      <Link
        to={`/settings/guardrails/${guardrail.id}` as '/'}
        className="-mx-2 flex items-center gap-3 rounded-md px-2 py-2.5 text-text no-underline hover:bg-raised"
      >
        <span className="grid min-w-0 flex-1 gap-0.5">
          <span className="font-medium wrap-anywhere">
            <Untrusted>{titleOf(guardrail)}</Untrusted>
          </span>
          <span className="text-muted wrap-anywhere">
            {summary}
            {binds !== null && ` · ${binds}`}
          </span>
        </span>
        <span className="text-muted">
          <ChevronRightIcon />
        </span>
      </Link>
    </li>
  );
}
