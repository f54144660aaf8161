/** A page that could not be shown, and the way on from there. */
import { AuthLayout } from '../shared/components/auth-layout.tsx';
import { buttonClass } from '../shared/components/button.tsx';
import { keepingReturnTo } from '../shared/session/return-to.ts';
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
  invalid_request: 'Whoever made the link or the app that brought you here can tell from this what is wrong:',
};

export function ErrorPage({ code, message }: PageError) {
  const isSignIn = code === 'sign_in_failed' || code === 'not_signed_in';
  return (
    <AuthLayout title={TITLES[code] ?? 'This did not work'} description={TEXTS[code] ?? message}>
      {code === 'invalid_request' && (
        <p className="rounded-lg border border-border bg-canvas p-3.5 wrap-anywhere">{message}</p>
      )}
      {/* A plain link: the document that showed an error is left for good. */}
      <a
        href={isSignIn ? keepingReturnTo('/sign-in', location.search) : '/'}
        className={buttonClass('secondary', 'w-full')}
      >
        {isSignIn ? 'Go to sign-in' : 'Go to the dashboard'}
      </a>
    </AuthLayout>
  );
}

export function NotFoundPage() {
  return <ErrorPage code="not_found" message="" />;
}
