/** The signs of the providers that everybody knows; the others have a key. */
import { KeyIcon } from '../components/icons.tsx';

export function ProviderLogo({ provider }: { provider: string }) {
  if (provider === 'github') return <GithubLogo />;
  if (provider === 'google') return <GoogleLogo />;
  return <KeyIcon />;
}

function GithubLogo() {
  return (
    <svg className="size-4 shrink-0" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
      <path d="M8 0a8 8 0 0 0-2.53 15.59c.4.07.55-.17.55-.38v-1.34c-2.23.48-2.7-1.07-2.7-1.07-.36-.92-.89-1.17-.89-1.17-.73-.5.05-.49.05-.49.8.06 1.23.83 1.23.83.71 1.22 1.87.87 2.33.66.07-.52.28-.87.5-1.07-1.77-.2-3.64-.89-3.64-3.95 0-.87.31-1.59.82-2.15-.08-.2-.36-1.01.08-2.11 0 0 .67-.22 2.2.82a7.6 7.6 0 0 1 4 0c1.53-1.04 2.2-.82 2.2-.82.44 1.1.16 1.91.08 2.11.51.56.82 1.28.82 2.15 0 3.07-1.87 3.75-3.65 3.95.29.25.54.73.54 1.48v2.19c0 .21.15.46.55.38A8 8 0 0 0 8 0Z" />
    </svg>
  );
}

function GoogleLogo() {
  return (
    <svg className="size-4 shrink-0" viewBox="0 0 16 16" aria-hidden="true">
      <path
        fill="#4285F4"
        d="M15.5 8.18c0-.57-.05-1.11-.15-1.64H8v3.1h4.2a3.6 3.6 0 0 1-1.56 2.36v1.96h2.52a7.6 7.6 0 0 0 2.34-5.78Z"
      />
      <path
        fill="#34A853"
        d="M8 15.8c2.1 0 3.87-.7 5.16-1.9L10.64 12a4.7 4.7 0 0 1-7.01-2.47H1.03v2.02A7.8 7.8 0 0 0 8 15.8Z"
      />
      <path fill="#FBBC05" d="M3.63 9.52a4.7 4.7 0 0 1 0-2.98V4.52h-2.6a7.8 7.8 0 0 0 0 7.02l2.6-2.02Z" />
      <path
        fill="#EA4335"
        d="M8 3.32c1.14 0 2.17.4 2.98 1.16l2.23-2.23A7.8 7.8 0 0 0 1.03 4.52l2.6 2.02A4.65 4.65 0 0 1 8 3.32Z"
      />
    </svg>
  );
}
