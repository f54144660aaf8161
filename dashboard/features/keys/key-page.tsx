/** One key: its limit, its state and what was spent with it. */
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';

export function KeyPage() {
  return (
    <>
      <PageTitle title="Key" />
      <Card>
        <EmptyState title="Nothing here yet" />
      </Card>
    </>
  );
}
