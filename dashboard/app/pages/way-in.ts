/** The pages on the way in, loaded together: whoever sees one mostly sees the next. */
// biome-ignore lint/performance/noBarrelFile: one file on purpose, as one chunk
export { ChangeEmailPage } from '../../features/account/change-email-page.tsx';
export { ForgotPasswordPage } from '../../features/password/forgot-password-page.tsx';
export { ResetPasswordPage } from '../../features/password/reset-password-page.tsx';
export { SignInPage } from '../../features/sign-in/sign-in-page.tsx';
export { TwoFactorPage } from '../../features/sign-in/two-factor-page.tsx';
export { SetupPage } from '../../features/sign-up/setup-page.tsx';
export { SignUpPage } from '../../features/sign-up/sign-up-page.tsx';
export { VerifyEmailPage } from '../../features/sign-up/verify-email-page.tsx';
