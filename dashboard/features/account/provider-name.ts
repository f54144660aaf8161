/** What a provider is called, also one that this gateway offers no more. */
import { plainName } from '../../shared/components/untrusted.tsx';
import type { SignInProvider } from '../../shared/session/session-query.ts';

const KNOWN: Readonly<Record<string, string>> = { github: 'GitHub', google: 'Google' };

export function providerName(id: string, providers: readonly SignInProvider[]): string {
  const offered = providers.find((provider) => provider.id === id);
  return offered?.name ?? (Object.hasOwn(KNOWN, id) ? KNOWN[id] : undefined) ?? plainName(id);
}
