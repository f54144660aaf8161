/** Variables that are read by name when something is built that needs them: keys of providers, and of administrators there. */
import { knownProviders } from '../catalogue/known-providers.ts';
import { SDK_PACKAGES } from '../providers/ai-sdk/packages.ts';
import { USAGE_APIS } from '../reconcile/usage-api.ts';

export const LATER_VARIABLES: readonly string[] = [
  ...new Set([
    ...knownProviders.flatMap(({ apiKeyVariables }) => apiKeyVariables),
    ...Object.values(SDK_PACKAGES).flatMap(({ settings }) =>
      Object.values(settings).flatMap(({ variable }) => (variable === undefined ? [] : [variable])),
    ),
    ...Object.values(USAGE_APIS).flatMap(({ keyVariables }) => keyVariables),
  ]),
];
