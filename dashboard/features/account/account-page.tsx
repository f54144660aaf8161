/** What a user may change about themselves. */
import { PageTitle } from '../../shared/components/page-title.tsx';
import { ConnectionNotice } from './connection-notice.tsx';
import { PasskeysCard } from './passkeys-card.tsx';
import { PasswordCard } from './password-card.tsx';
import { ProfileCard } from './profile-card.tsx';
import { SessionsCard } from './sessions-card.tsx';
import { SignInMethodsCard } from './sign-in-methods-card.tsx';
import { TwoFactorCard } from './two-factor-card.tsx';

export function AccountPage() {
  return (
    <>
      <PageTitle title="Account" description="Who you are here, and how you sign in." />
      <div className="grid max-w-3xl gap-5">
        <ConnectionNotice />
        <ProfileCard />
        <PasswordCard />
        <SignInMethodsCard />
        <TwoFactorCard />
        <PasskeysCard />
        <SessionsCard />
      </div>
    </>
  );
}
