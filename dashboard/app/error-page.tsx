/** A page that could not be shown, and the way on from there. */
import { AuthLayout } from '../shared/components/auth-layout.tsx';
import { buttonClass } from '../shared/components/button.tsx';
import type { PageError } from './page-error.ts';

const TITLES: Readonly<Record<string, string>> = {
  not_found: 'There is no such page',
  invalid_request: 'This request cannot be answered',
  foreign_request: 'That did not come from this site',
  role_required: 'Not for your role',
  rate_limit_exceeded: 'Too many attempts',
  not_signed_in: 'You are not signed in',
  unavailable: 'Just a moment',
  sign_in_failed: 'You are not signed in',
};

const TEXTS: Readonly<Record<string, string>> = {
  not_found: 'The address may be mistyped, or what was there is gone.',
};

export function ErrorPage({ code, message }: PageError) {
  const isSignIn = code === 'sign_in_failed' || code === 'not_signed_in';
  return (
    <AuthLayout title={TITLES[code] ?? 'This did not work'} description={TEXTS[code] ?? message}>
      {/* A plain link: the document that showed an error is left for good. */}
      <a href={isSignIn ? '/sign-in' : '/'} className={buttonClass('secondary', 'w-full')}>
        {isSignIn ? 'Go to the sign-in' : 'Go to the dashboard'}
      </a>
    </AuthLayout>
  );
}

export function NotFoundPage() {
  return <ErrorPage code="not_found" message="" />;
}
