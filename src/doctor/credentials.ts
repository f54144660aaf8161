/** Whether providers take the keys that they are given: each is shown to the list of models, which costs nothing. */
import type { WireFormat } from '../providers/wire-format.ts';
import { sendSmall } from '../upstream/small-request.ts';
import type { UpstreamClient } from '../upstream/upstream.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const ANSWER_MS = 5000;

export interface KeyToTry {
  readonly slug: string;
  /** The operator's own name of it. */
  readonly id: string;
  readonly format: WireFormat;
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** What cannot be reached is told elsewhere; of packages of the AI SDK nothing is known here. */
export async function credentials(client: UpstreamClient, keys: readonly KeyToTry[]): Promise<Finding[]> {
  const found = await Promise.all(keys.map((key) => tried(client, key)));
  return found.flat();
}

async function tried(client: UpstreamClient, key: KeyToTry): Promise<Finding[]> {
  const headers = headersOf(key);
  if (headers === null) return [];
  const check = `key ${key.id} of ${key.slug}`;
  const request = { method: 'GET', url: `${key.baseUrl}/models`, headers, body: '' } as const;
  const answer = await sendSmall(client, request, ANSWER_MS).catch(() => null);
  if (answer === null) return [];
  const { status, text } = answer;
  // Google says 400 to a key that is none, and names it so.
  if (status === 401 || (status === 400 && text.includes('API_KEY_INVALID'))) {
    const remedy = `make a new one there, put it where this one stands, and start again; requests go by the other keys meanwhile, or fail`;
    return [fail(check, `is refused with ${status}`, remedy)];
  }
  if (status === 402)
    return [fail(check, 'has nothing left to spend there (402)', 'pay there, or raise its limit')];
  if (status === 403) {
    const remedy = 'look at its rights there; some keys may answer requests and not list models';
    return [warn(check, 'may not list models (403)', remedy)];
  }
  if (status === 200) return [ok(check, 'is taken')];
  return [ok(check, `could not be told: the list of models answers ${status}`)];
}

/** Null: how it is shown there is not known. */
function headersOf({ format, apiKey }: KeyToTry): Record<string, string> | null {
  switch (format) {
    case 'openai':
      return { authorization: `Bearer ${apiKey}` };
    case 'anthropic':
      return { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' };
    case 'google':
      return { 'x-goog-api-key': apiKey };
    default:
      return null;
  }
}
