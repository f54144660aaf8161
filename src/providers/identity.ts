/** How a provider is told who we are without a key of its own being stored: a token that we sign is exchanged for one of the vendor's. */
import { isIP } from 'node:net';

interface Exchanged {
  /** `sub` of our token: what the vendor's rule names. */
  readonly subject: string;
  /** `aud` of our token: whom it is for. */
  readonly audience: string;
  /** Where it is exchanged. */
  readonly tokenUrl: string;
}

export interface OpenAiIdentity extends Exchanged {
  readonly exchange: 'openai';
  readonly identityProviderId: string;
  readonly serviceAccountId: string;
}

export interface AnthropicIdentity extends Exchanged {
  readonly exchange: 'anthropic';
  readonly federationRuleId: string;
  readonly organizationId: string;
  readonly serviceAccountId: string;
  /** Null: the rule's only one. */
  readonly workspaceId: string | null;
}

export interface GoogleIdentity extends Exchanged {
  readonly exchange: 'google';
  /** The full name of the pool's provider: `//iam.googleapis.com/projects/…`. */
  readonly workloadProvider: string;
  /** Where the token of `serviceAccount` is asked for; null: the pool's identity itself has the rights. */
  readonly impersonationUrl: string | null;
}

export interface AwsIdentity extends Exchanged {
  readonly exchange: 'aws';
  readonly roleArn: string;
  readonly sessionName: string;
  readonly durationSeconds: number;
}

export interface AzureIdentity extends Exchanged {
  readonly exchange: 'azure';
  readonly clientId: string;
  readonly scope: string;
}

export type ProviderIdentity =
  | OpenAiIdentity
  | AnthropicIdentity
  | GoogleIdentity
  | AwsIdentity
  | AzureIdentity;

export const EXCHANGES = ['openai', 'anthropic', 'google', 'aws', 'azure'] as const;
export type ExchangeName = (typeof EXCHANGES)[number];

/** The formats of providers that take what an exchange gives. */
export const FORMATS_OF: Readonly<Record<ExchangeName, readonly string[]>> = {
  openai: ['openai'],
  anthropic: ['anthropic'],
  google: ['google', 'openai', 'ai-sdk:@ai-sdk/google-vertex', 'ai-sdk:@ai-sdk/google-vertex/anthropic'],
  aws: ['ai-sdk:@ai-sdk/amazon-bedrock'],
  azure: ['openai', 'ai-sdk:@ai-sdk/azure'],
};

/** What was got in exchange. */
export type VendorCredential =
  | { readonly kind: 'bearer'; readonly token: string }
  | {
      readonly kind: 'aws';
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string;
    };

/** Whether a credential may be sent there: only encrypted, or to this machine. */
export function isSafeAddress(address: string): boolean {
  const url = URL.parse(address);
  if (url === null) return false;
  if (url.protocol === 'https:') return true;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return (
    url.protocol === 'http:' &&
    (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.')))
  );
}
