/** `providers[].workload_identity` of turnpike.yaml: its shape, and the vendors' own addresses and audiences where it names none. */
import { z } from 'zod';
import { EXCHANGES, FORMATS_OF, isSafeAddress, type ProviderIdentity } from '../providers/identity.ts';
import { suggestion } from './nearest.ts';

const SESSION_SECONDS = 3600;

const text = z.string().regex(/^[\x21-\x7e]{1,512}$/, {
  error: 'is empty, too long, or has spaces or characters that no id has',
});
const address = z
  .string()
  .refine(isSafeAddress, { error: 'is not an https address; our token would be sent in the clear' });

/** Each exchange, and the keys that it needs or may have beside `exchange`, `subject`, `audience` and `token_url`. */
const KEYS: Readonly<
  Record<(typeof EXCHANGES)[number], { needs: readonly string[]; takes: readonly string[] }>
> = {
  openai: { needs: ['identity_provider_id', 'service_account_id'], takes: [] },
  anthropic: {
    needs: ['federation_rule_id', 'organization_id', 'service_account_id'],
    takes: ['workspace_id'],
  },
  google: { needs: ['provider'], takes: ['service_account', 'impersonation_url'] },
  aws: { needs: ['role_arn'], takes: ['region', 'session_name', 'duration_seconds'] },
  azure: { needs: ['tenant_id', 'client_id'], takes: ['scope'] },
};
const SHARED = ['exchange', 'subject', 'audience', 'token_url'];

export const providerIdentity = z
  .looseObject({
    exchange: z.enum(EXCHANGES),
    subject: text.optional(),
    audience: text.optional(),
    token_url: address.optional(),
    identity_provider_id: text.optional(),
    service_account_id: text.optional(),
    federation_rule_id: text.optional(),
    organization_id: text.optional(),
    workspace_id: text.optional(),
    provider: z
      .string()
      .regex(
        /^\/\/iam\.googleapis\.com\/projects\/[^/\s]+\/locations\/[^/\s]+\/workloadIdentityPools\/[^/\s]+\/providers\/[^/\s]+$/,
        {
          error:
            'is not the full name of a provider; write //iam.googleapis.com/projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>',
        },
      )
      .optional(),
    service_account: text.optional(),
    impersonation_url: address.optional(),
    role_arn: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/, {
        error: 'is not the ARN of a role; write arn:aws:iam::<account>:role/<name>',
      })
      .optional(),
    region: z
      .string()
      .regex(/^[a-z0-9-]+$/, { error: 'is not a region; write it like eu-central-1' })
      .optional(),
    session_name: z
      .string()
      .regex(/^[\w+=,.@-]{2,64}$/, { error: 'is not a session name; use 2 to 64 of a-z, 0-9 and +=,.@_-' })
      .optional(),
    duration_seconds: z.int().min(900).max(43_200).optional(),
    tenant_id: z
      .string()
      .regex(/^[A-Za-z0-9.-]+$/, { error: 'is not the id or the domain of a tenant' })
      .optional(),
    client_id: text.optional(),
    scope: text.optional(),
  })
  .check((check) => {
    const { needs, takes } = KEYS[check.value.exchange];
    const known = [...SHARED, ...needs, ...takes];
    for (const key of Object.keys(check.value)) {
      if (known.includes(key)) continue;
      const message = `unknown key ${JSON.stringify(key)} of this exchange${suggestion(key, known) || '; remove it'}`;
      check.issues.push({ code: 'custom', input: check.value[key], path: [key], message });
    }
    for (const key of needs) {
      if (check.value[key] === undefined)
        check.issues.push({ code: 'custom', input: undefined, path: [key], message: 'is missing' });
    }
  });

export type FileIdentity = z.output<typeof providerIdentity>;

/** What is wrong with it beside the rest of its provider; null: nothing. */
export function identityFault(
  { exchange }: FileIdentity,
  { format = 'openai', hasKey }: { format: string | undefined; hasKey: boolean },
): string | null {
  if (hasKey) return 'takes the place of api_key and of the keys in settings; remove one of the two';
  const formats = FORMATS_OF[exchange];
  if (formats.includes(format)) return null;
  return `gives what the format ${format} does not take; ${exchange} is for ${formats.join(', ')}`;
}

/** `slug`: the provider's; its `base_url` and region where the vendor is asked at the same place. */
export function toIdentity(
  file: FileIdentity,
  provider: { readonly slug: string; readonly baseUrl: string; readonly region: string | undefined },
): ProviderIdentity {
  const subject = file.subject ?? `provider:${provider.slug}`;
  const shared = (audience: string, tokenUrl: string) => ({
    subject,
    audience: file.audience ?? audience,
    tokenUrl: file.token_url ?? tokenUrl,
  });
  switch (file.exchange) {
    case 'openai':
      return {
        exchange: 'openai',
        ...shared('https://api.openai.com/v1', 'https://auth.openai.com/oauth/token'),
        identityProviderId: file.identity_provider_id ?? '',
        serviceAccountId: file.service_account_id ?? '',
      };
    case 'anthropic':
      return {
        exchange: 'anthropic',
        ...shared('https://api.anthropic.com', `${new URL(provider.baseUrl).origin}/v1/oauth/token`),
        federationRuleId: file.federation_rule_id ?? '',
        organizationId: file.organization_id ?? '',
        serviceAccountId: file.service_account_id ?? '',
        workspaceId: file.workspace_id ?? null,
      };
    case 'google': {
      const workloadProvider = file.provider ?? '';
      return {
        exchange: 'google',
        ...shared(`https:${workloadProvider}`, 'https://sts.googleapis.com/v1/token'),
        workloadProvider,
        impersonationUrl: impersonationUrl(file),
      };
    }
    case 'aws': {
      const region = file.region ?? provider.region;
      return {
        exchange: 'aws',
        ...shared(
          'sts.amazonaws.com',
          region === undefined ? 'https://sts.amazonaws.com/' : `https://sts.${region}.amazonaws.com/`,
        ),
        roleArn: file.role_arn ?? '',
        sessionName: file.session_name ?? 'turnpike',
        durationSeconds: file.duration_seconds ?? SESSION_SECONDS,
      };
    }
    case 'azure':
      return {
        exchange: 'azure',
        ...shared(
          'api://AzureADTokenExchange',
          `https://login.microsoftonline.com/${file.tenant_id}/oauth2/v2.0/token`,
        ),
        clientId: file.client_id ?? '',
        scope: file.scope ?? 'https://cognitiveservices.azure.com/.default',
      };
  }
}

function impersonationUrl({ service_account, impersonation_url }: FileIdentity): string | null {
  if (impersonation_url !== undefined) return impersonation_url;
  if (service_account === undefined) return null;
  const name = encodeURIComponent(service_account);
  return `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${name}:generateAccessToken`;
}
