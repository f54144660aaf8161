/**
 * Google Secret Manager by its own client: `gcp-sm:projects/acme/secrets/openai`, with `/versions/3` or the latest, or the name alone where
 * GOOGLE_CLOUD_PROJECT names the project. Credentials are found as by Google's own tools.
 */
import type { Environment, SecretManager } from './managers.ts';
import { notInstalled } from './managers.ts';

const PACKAGE = '@google-cloud/secret-manager';
const INSTALL = '@google-cloud/secret-manager@6.3.0';
const NAME = /^projects\/[^/]+\/(?:locations\/[^/]+\/)?secrets\/[^/]+(\/versions\/[^/]+)?$/;
const ANSWER_MS = 20_000;

export async function openGoogle(env: Environment): Promise<SecretManager> {
  const { SecretManagerServiceClient } = await import('@google-cloud/secret-manager').catch(
    (thrown: unknown) => {
      throw notInstalled(PACKAGE, INSTALL, thrown);
    },
  );
  // HTTP and JSON: gRPC would need another HTTP stack. The variable is the one of Google's command line.
  const override = env['CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER'];
  const client = new SecretManagerServiceClient({ fallback: true, ...placeOf(override) });
  return {
    async read(path) {
      const name = nameOf(path, env['GOOGLE_CLOUD_PROJECT'] ?? '');
      try {
        const [version] = await client.accessSecretVersion({ name }, { timeout: ANSWER_MS });
        const { data } = version.payload ?? {};
        return typeof data === 'string' ? data : new TextDecoder().decode(data ?? new Uint8Array());
      } catch (thrown) {
        throw new Error(`Google Secret Manager: ${wordsOf(thrown)}`);
      }
    },
    close: () => void client.close().catch(() => undefined),
  };
}

function placeOf(override: string | undefined): object {
  const url = override === undefined ? null : URL.parse(override);
  if (url === null) return {};
  const isPlain = url.protocol === 'http:';
  return {
    apiEndpoint: url.hostname,
    port: Number(url.port || (isPlain ? 80 : 443)),
    protocol: isPlain ? 'http' : 'https',
  };
}

function nameOf(path: string, project: string): string {
  const full = path.includes('/') ? path : `projects/${project}/secrets/${path}`;
  const match = NAME.exec(full);
  if (match === null || (project === '' && full !== path))
    throw new Error('write projects/<project>/secrets/<name>, or set GOOGLE_CLOUD_PROJECT');
  return match[1] === undefined ? `${full}/versions/latest` : full;
}

/** By gRPC's codes, which Google's APIs have in HTTP too. */
function wordsOf(thrown: unknown): string {
  const code =
    typeof thrown === 'object' && thrown !== null ? Number(Reflect.get(thrown, 'code')) : Number.NaN;
  switch (code) {
    case 5:
    case 404:
      return 'there is no such secret or version';
    case 7:
    case 403:
      return 'access is denied: give the role roles/secretmanager.secretAccessor';
    case 9:
    case 400:
      return 'the version is disabled or destroyed';
    case 16:
    case 401:
      return 'nothing signs in to Google Cloud; give a service account, or GOOGLE_APPLICATION_CREDENTIALS';
    default:
      return /credentials/i.test(String(thrown))
        ? 'nothing signs in to Google Cloud; give a service account, or GOOGLE_APPLICATION_CREDENTIALS'
        : `it cannot be asked (${Number.isNaN(code) ? 'unknown error' : code})`;
  }
}
