/** Every key of the account that one may see. */
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';

export function MembersPage() {
  return (
    <>
      <PageTitle title="Members" />
      <Card>
        <EmptyState title="Nothing here yet" />
      </Card>
    </>
  );
}
