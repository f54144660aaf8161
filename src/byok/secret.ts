/** What people are given by a provider to sign in with, in the shapes that OpenRouter documents for a key of one's own. No I/O. */
import { type AzureEntry, parseAzure } from './azure.ts';
import { jsonOf, labelOf, mustBeBare, onlyMembers, plainKey, textIn, wrong } from './secret-fields.ts';

/** Which of them a provider takes. */
export type SecretKind = 'plain' | 'regional' | 'azure' | 'amazon-bedrock' | 'google-vertex';

export type OwnSecret =
  | { readonly kind: 'plain'; readonly apiKey: string }
  /** For vendors whose keys belong to a region. */
  | { readonly kind: 'regional'; readonly apiKey: string; readonly region: Region | null }
  | { readonly kind: 'azure'; readonly entries: readonly AzureEntry[] }
  | { readonly kind: 'amazon-bedrock'; readonly sdk: BedrockSettings }
  | { readonly kind: 'google-vertex'; readonly sdk: VertexSettings };

export type Region = 'global' | 'europe' | 'us';

/** Named as the settings of the package that speaks to it. */
export interface BedrockSettings {
  readonly api_key?: string;
  readonly access_key_id?: string;
  readonly secret_access_key?: string;
  readonly session_token?: string;
  /** Absent: the operator's. */
  readonly region?: string;
}

export interface VertexSettings {
  readonly project: string;
  /** Absent: the operator's. */
  readonly location?: string;
  readonly client_email: string;
  readonly private_key: string;
}

export interface ReadSecret {
  readonly secret: OwnSecret;
  /** What may be shown of it: `sk-...AbCd`. */
  readonly label: string;
}

const PACKAGE_KINDS: Readonly<Record<string, SecretKind>> = {
  '@ai-sdk/azure': 'azure',
  '@ai-sdk/amazon-bedrock': 'amazon-bedrock',
  '@ai-sdk/google-vertex': 'google-vertex',
  '@ai-sdk/google-vertex/anthropic': 'google-vertex',
};

/** By the package that the gateway speaks to it through, where there is one, and else by its name. */
export function secretKindOf(provider: string, packageName: string | null): SecretKind {
  const ofPackage = packageName === null ? undefined : PACKAGE_KINDS[packageName];
  if (ofPackage !== undefined) return ofPackage;
  const [base = ''] = provider.split('/');
  if (base === 'azure' || base === 'amazon-bedrock' || base === 'google-vertex') return base;
  return base === 'openai' || base === 'fireworks' ? 'regional' : 'plain';
}

/** Throws a 400 that names what is missing, and repeats nothing of what was given. */
export function readSecret(kind: SecretKind, given: string): ReadSecret {
  // People paste a line with its end.
  const key = given.trim();
  mustBeBare(key);
  switch (kind) {
    case 'azure':
      return parseAzure(key);
    case 'amazon-bedrock':
      return bedrock(key);
    case 'google-vertex':
      return vertex(key);
    case 'regional':
      return regional(key);
    case 'plain':
      return { secret: { kind, apiKey: plainKey(key) }, label: labelOf(key) };
  }
}

function regional(key: string): ReadSecret {
  if (!key.startsWith('{'))
    return { secret: { kind: 'regional', apiKey: plainKey(key), region: null }, label: labelOf(key) };
  const document = jsonOf(key);
  onlyMembers(document, ['api_key', 'region']);
  const apiKey = plainKey(textIn(document, 'api_key'), 'api_key');
  const region = textIn(document, 'region');
  if (region !== 'global' && region !== 'europe' && region !== 'us')
    throw wrong('region must be "global", "europe" or "us"');
  return { secret: { kind: 'regional', apiKey, region }, label: labelOf(apiKey) };
}

/** The region becomes part of the host that is called: nothing but a region may stand there. */
const AWS_REGION = /^[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;

function bedrock(key: string): ReadSecret {
  if (!key.startsWith('{')) {
    const apiKey = plainKey(key);
    return { secret: { kind: 'amazon-bedrock', sdk: { api_key: apiKey } }, label: labelOf(apiKey) };
  }
  const document = jsonOf(key);
  onlyMembers(document, ['accessKeyId', 'secretAccessKey', 'sessionToken', 'apiKey', 'region']);
  const region = textIn(document, 'region');
  if (!AWS_REGION.test(region)) throw wrong('region must be a region of AWS, such as "us-east-1"');
  if (document['apiKey'] !== undefined) {
    const apiKey = plainKey(textIn(document, 'apiKey'), 'apiKey');
    return { secret: { kind: 'amazon-bedrock', sdk: { api_key: apiKey, region } }, label: labelOf(apiKey) };
  }
  const accessKeyId = plainKey(textIn(document, 'accessKeyId'), 'accessKeyId');
  const sdk = {
    access_key_id: accessKeyId,
    secret_access_key: plainKey(textIn(document, 'secretAccessKey'), 'secretAccessKey'),
    ...(document['sessionToken'] === undefined
      ? {}
      : { session_token: plainKey(textIn(document, 'sessionToken'), 'sessionToken') }),
    region,
  };
  return { secret: { kind: 'amazon-bedrock', sdk }, label: labelOf(accessKeyId) };
}

const GOOGLE_LOCATION = /^(?:global|[a-z]{2,14}(?:-[a-z]{2,14}\d{0,2})?)$/;
const GOOGLE_PROJECT = /^(?:[a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
/** What a service account's file has, and what OpenRouter adds. Where tokens are got from is Google's own address, whatever it says. */
const VERTEX_MEMBERS = [
  ...[
    'type',
    'project_id',
    'private_key_id',
    'private_key',
    'client_email',
    'client_id',
    'auth_uri',
    'token_uri',
  ],
  ...['auth_provider_x509_cert_url', 'client_x509_cert_url', 'universe_domain', 'region', 'bucket'],
];

function vertex(key: string): ReadSecret {
  const document = jsonOf(key);
  onlyMembers(document, VERTEX_MEMBERS);
  // Other kinds of credentials name files and addresses of their own to be read.
  if (textIn(document, 'type') !== 'service_account') throw wrong('type must be "service_account"');
  const project = textIn(document, 'project_id');
  if (!GOOGLE_PROJECT.test(project)) throw wrong('project_id must be the id of a project');
  const domain = document['universe_domain'] ?? 'googleapis.com';
  if (domain !== 'googleapis.com') throw wrong('universe_domain must be "googleapis.com"');
  const location = document['region'];
  if (location !== undefined && (typeof location !== 'string' || !GOOGLE_LOCATION.test(location)))
    throw wrong('region must be "global" or a location, such as "us-central1"');
  const bucket = document['bucket'];
  if (
    bucket !== undefined &&
    (typeof bucket !== 'string' || !/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket))
  )
    throw wrong('bucket must be the name of a bucket, without "gs://" and without a path');
  const privateKey = textIn(document, 'private_key').replaceAll('\\n', '\n').replaceAll('\r', '').trim();
  if (!/^-----BEGIN (?:RSA )?PRIVATE KEY-----\n[\s\S]+\n-----END (?:RSA )?PRIVATE KEY-----$/.test(privateKey))
    throw wrong('private_key must be a private key in PEM');
  const clientEmail = textIn(document, 'client_email');
  if (!/^[^\s@]{1,200}@[^\s@]{1,200}$/.test(clientEmail))
    throw wrong('client_email must be an e-mail address');
  const sdk = {
    ...{ project, client_email: clientEmail, private_key: `${privateKey}\n` },
    ...(typeof location === 'string' ? { location } : {}),
  };
  return { secret: { kind: 'google-vertex', sdk }, label: clientEmail.slice(0, 100) };
}
