/** What the packages are told where a credential that changes while the gateway runs takes the place of a key: each in its own words. */
import type { VendorCredential } from '../identity.ts';
import type { SdkPackage } from './packages.ts';

/** Null: there is none at the moment, which no request finds out, as it waits for one before it is sent. */
export type ReadCredential = (slug: string) => VendorCredential | null;

/** Options of the package's factory. `found`: its other settings, which one of these takes the place of. */
export function exchangedOptions(
  { module }: SdkPackage,
  found: ReadonlyMap<string, string | boolean>,
  read: () => VendorCredential | null,
): object {
  switch (module) {
    case '@ai-sdk/amazon-bedrock':
      return {
        apiKey: '',
        credentialProvider: async () => {
          const credential = read();
          if (credential?.kind !== 'aws') throw new Error('There are no credentials for Bedrock');
          const { accessKeyId, secretAccessKey, sessionToken } = credential;
          return { accessKeyId, secretAccessKey, sessionToken };
        },
      };
    case '@ai-sdk/azure':
      return { apiKey: undefined, tokenProvider: async () => bearerOf(read()) };
    case '@ai-sdk/google-vertex':
      return { apiKey: undefined, googleAuthOptions: { ...projectOf(found), authClient: clientOf(read) } };
    case '@ai-sdk/google-vertex/anthropic':
      return { generateAuthToken: async () => bearerOf(read()) };
    default:
      throw new Error(`The package ${module} takes no credential of an exchange`);
  }
}

function bearerOf(credential: VendorCredential | null): string {
  if (credential?.kind !== 'bearer') throw new Error('There is no token for this provider');
  return credential.token;
}

/** As much of google-auth-library's client as the package asks for. */
function clientOf(read: () => VendorCredential | null) {
  return { getAccessToken: async () => ({ token: bearerOf(read()) }) };
}

function projectOf(found: ReadonlyMap<string, string | boolean>): object {
  const project = found.get('project');
  return project === undefined ? {} : { projectId: project };
}

/** What no message may repeat. */
export function secretsOfCredential(credential: VendorCredential | null): readonly string[] {
  if (credential === null) return [];
  return credential.kind === 'bearer'
    ? [credential.token]
    : [credential.secretAccessKey, credential.sessionToken];
}
