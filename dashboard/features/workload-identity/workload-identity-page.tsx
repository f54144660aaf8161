/** Whose workloads may swap a token of theirs for one of ours. */
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';

export function WorkloadIdentityPage() {
  return (
    <>
      <PageTitle title="Workload identity" />
      <Card>
        <EmptyState title="Nothing here yet" />
      </Card>
    </>
  );
}
