/** A page for some roles only: whoever else opens its address reads why there is nothing to see. */
import type { ReactNode } from 'react';
import { hasRole, type Role, useSession } from '../session/session-query.ts';
import { Card } from './card.tsx';
import { EmptyState } from './empty-state.tsx';
import { PageTitle } from './page-title.tsx';
import { TextLink } from './text-link.tsx';

/** What is inside is only made for who may see it, and so asks the gateway nothing otherwise. */
export function RoleGate({
  title,
  atLeast,
  children,
}: {
  /** Of the page. */
  title: string;
  atLeast: Role;
  children: ReactNode;
}) {
  const session = useSession();
  if (hasRole(session, atLeast)) return children;
  return (
    <>
      <PageTitle title={title} />
      <Card>
        <EmptyState title="Your role does not allow this">
          <p>
            {atLeast === 'owner' ? 'Only owners' : 'Only admins and owners'} of your organisation can see this
            page; you are {session.account.role === 'admin' ? 'an admin' : 'a member'}. Ask one of them.
          </p>
          <p className="mt-3">
            <TextLink to="/keys">Back to the keys</TextLink>
          </p>
        </EmptyState>
      </Card>
    </>
  );
}
