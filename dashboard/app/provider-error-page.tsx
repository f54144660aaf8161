/** `/error`: where providers send somebody back whom they, or we, did not let in. */
import { ErrorPage } from './error-page.tsx';

/** By the code in the address. Whatever else stands there could be anybody's text, and is not shown. */
const MESSAGES: Readonly<Record<string, string>> = {
  access_denied: 'The sign-in was cancelled, or the provider refused it.',
  account_not_linked:
    'There is an account with this address already. Sign in to it another way, or set a password for it first.',
  email_not_found: 'The provider did not tell us your e-mail address.',
  email_not_verified: 'The provider has not verified your e-mail address, so we cannot rely on it.',
  EMAIL_NOT_VERIFIED: 'The provider has not verified your e-mail address, so we cannot rely on it.',
  invitation_required: 'You need an invitation to sign up. Ask an owner or admin of this organisation.',
  invitation_invalid: 'The invitation was used already, is too old, or was taken back. Ask for a new one.',
  sign_up_closed: 'Nobody can sign up here at the moment.',
  signup_disabled: 'Nobody can sign up here at the moment.',
  not_a_member: 'You do not belong to this organisation. Ask for an invitation.',
  state_mismatch: 'The sign-in took too long, or was started in another browser. Try again.',
  state_not_found: 'The sign-in took too long, or was started in another browser. Try again.',
  provider_failed: 'The provider did not answer as it should. Try again in a while, or sign in another way.',
  rate_limit_exceeded: 'There were too many attempts. Wait some minutes, then try again.',
  please_restart_the_process: 'The sign-in took too long. Try again.',
};

export function ProviderErrorPage() {
  const code = new URLSearchParams(location.search).get('error') ?? '';
  const message = Object.hasOwn(MESSAGES, code) ? MESSAGES[code] : undefined;
  return (
    <ErrorPage
      code="sign_in_failed"
      message={message ?? 'The sign-in did not work. Try again, or sign in another way.'}
    />
  );
}
