/** An endpoint's target with another key in it: one of several that the operator has, or one that somebody brought. No I/O. */
import type { ProviderTarget } from './adapter.ts';

export function withKey(target: ProviderTarget, apiKey: string): ProviderTarget {
  const { bearer: _, sdk, ...plain } = target;
  if (sdk === undefined) return { ...plain, apiKey };
  return { ...plain, apiKey, sdk: { ...sdk, settings: withoutSecrets(sdk.settings), isOwn: true } };
}

type Settings = NonNullable<ProviderTarget['sdk']>['settings'];

/** Settings such as a resource's name stay: they say where the provider is, and not as whom it is called. */
function withoutSecrets(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !SECRET_SETTINGS.has(name)));
}

const SECRET_SETTINGS = new Set([
  ...[
    'api_key',
    'access_key_id',
    'secret_access_key',
    'session_token',
    'private_key',
    'client_email',
    'credentials',
  ],
]);
