/** What was asked, answered and charged, request by request. */
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';

export function LogsPage() {
  return (
    <>
      <PageTitle title="Logs" />
      <Card>
        <EmptyState title="Nothing here yet" />
      </Card>
    </>
  );
}
