/** AWS Secrets Manager by its own client: `aws-sm:turnpike/openai#key`, a name or an ARN. Region and credentials are found as by AWS' own tools. */
import type { Environment, SecretManager } from './managers.ts';
import { notInstalled } from './managers.ts';

const PACKAGE = '@aws-sdk/client-secrets-manager';
const INSTALL = '@aws-sdk/client-secrets-manager@3.1164.0';
const ATTEMPTS = 3;

export async function openAws(env: Environment): Promise<SecretManager> {
  const sdk = await import('@aws-sdk/client-secrets-manager').catch((thrown: unknown) => {
    throw notInstalled(PACKAGE, INSTALL, thrown);
  });
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  const endpoint = env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? env['AWS_ENDPOINT_URL'];
  const client = new sdk.SecretsManagerClient({
    maxAttempts: ATTEMPTS,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return {
    async read(path) {
      try {
        const { SecretString, SecretBinary } = await client.send(
          new sdk.GetSecretValueCommand({ SecretId: path }),
        );
        return SecretString ?? new TextDecoder().decode(SecretBinary);
      } catch (thrown) {
        throw new Error(`AWS Secrets Manager: ${wordsOf(thrown)}`);
      }
    },
    close: () => client.destroy(),
  };
}

/** By the name of the error: some texts of AWS' quote what they were sent. */
function wordsOf(thrown: unknown): string {
  const name = thrown instanceof Error ? thrown.name : '';
  switch (name) {
    case 'ResourceNotFoundException':
      return 'there is no such secret in this region';
    case 'AccessDeniedException':
      return 'access is denied: allow secretsmanager:GetSecretValue, and kms:Decrypt of its key';
    case 'DecryptionFailure':
      return 'its key does not decrypt it';
    case 'InvalidRequestException':
      return 'it is marked for deletion, or has no current version';
    case 'CredentialsProviderError':
    case 'UnrecognizedClientException':
    case 'InvalidSignatureException':
    case 'ExpiredTokenException':
      return `nothing signs in to AWS (${name}); give a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`;
    default:
      return /region/i.test(String(thrown))
        ? 'AWS_REGION is not set'
        : `it cannot be asked (${name || 'unknown error'})`;
  }
}
