/** x */
import { AuthLayout } from '../../shared/components/auth-layout.tsx';

export function SignInPage() {
  return <AuthLayout title="Sign in" />;
}
