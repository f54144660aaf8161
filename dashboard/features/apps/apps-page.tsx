/** Apps that are registered here, with their client ids and secrets. */
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';

export function AppsPage() {
  return (
    <>
      <PageTitle title="Apps" />
      <Card>
        <EmptyState title="Nothing here yet" />
      </Card>
    </>
  );
}
