/** Whose workloads may swap a token of theirs for one of ours. */
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { IssuersCard } from './issuers-card.tsx';
import { PoliciesCard } from './policies-card.tsx';

const TITLE = 'Workload identity';

export function WorkloadIdentityPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <PageTitle
        title={TITLE}
        description="A CI job or a service swaps the token that its platform signs for it for an access token of at most 15 minutes, which acts as one of your API keys. So none of your keys has to be stored with it."
      />
      <div className="grid gap-5">
        <IssuersCard />
        <PoliciesCard />
      </div>
    </RoleGate>
  );
}
