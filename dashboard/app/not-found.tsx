/** An address that is no page of ours: within the menu for whoever is signed in. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { buttonClass } from '../shared/components/button.tsx';
import { Card } from '../shared/components/card.tsx';
import { EmptyState } from '../shared/components/empty-state.tsx';
import { PageTitle } from '../shared/components/page-title.tsx';
import { sessionQuery } from '../shared/session/session-query.ts';
import { Frame } from './app-layout.tsx';
import { NotFoundPage } from './error-page.tsx';
import { PendingPage } from './page-states.tsx';

export function NotFound() {
  const { data, isPending } = useQuery(sessionQuery);
  if (isPending) return <PendingPage />;
  if (data == null || data.session === null) return <NotFoundPage />;
  return (
    <Frame>
      <PageTitle title="There is no such page" />
      <Card>
        <EmptyState
          title="Nothing is at this address"
          action={
            <Link to="/" className={buttonClass('secondary')}>
              Go to the start
            </Link>
          }
        >
          <p>It may be mistyped, or what was there is gone.</p>
        </EmptyState>
      </Card>
    </Frame>
  );
}
