/** The providers that the operator has set up, as pages and mails call them. */
import type { AccountsConfig } from '../../config/config.ts';

export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly kind: 'social' | 'oidc';
}

export function providersOf({ github, google, oidc }: AccountsConfig): readonly Provider[] {
  return [
    ...(github === null ? [] : [{ id: 'github', name: 'GitHub', kind: 'social' as const }]),
    ...(google === null ? [] : [{ id: 'google', name: 'Google', kind: 'social' as const }]),
    ...oidc.map(({ id, name }) => ({ id, name, kind: 'oidc' as const })),
  ];
}
