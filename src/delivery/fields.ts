/** Bodies and queries of the webhook operations, and of who wants what. Throws a 400 that names the member, and changes nothing. */
import { z } from 'zod';
import { addressFault } from '../egress/guarded-get.ts';
import { invalidField } from '../errors.ts';
import { flag, nonEmpty, parse, workspaceId } from '../keys/key-fields.ts';
import { CHOSEN_KINDS, NEWS, type NewsKind } from '../notifications/news.ts';

const MAX_NAME = 100;
const MAX_URL = 2000;
const WEEK_SECONDS = 7 * 24 * 3600;
const DAY_SECONDS = 24 * 3600;

const name = nonEmpty.max(MAX_NAME, `must have at most ${MAX_NAME} characters`);
const url = nonEmpty.max(MAX_URL, `must have at most ${MAX_URL} characters`);
const kind = z.enum(CHOSEN_KINDS as [NewsKind, ...NewsKind[]], `must be one of ${CHOSEN_KINDS.join(', ')}`);
const kinds = z
  .array(kind, 'must be a list of kinds, or null for all')
  .min(1, 'must not be empty; null means every kind')
  .max(CHOSEN_KINDS.length, 'names a kind more than once')
  .nullable();

const strict = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no member ${issue.keys.join(', ')}; there are ${Object.keys(shape).join(', ')}`
        : 'must be a JSON object',
  });

const newWebhook = strict({
  name,
  url,
  kinds: kinds.optional(),
  workspace_id: workspaceId.nullable().optional(),
});
const webhookPatch = strict({
  name: name.optional(),
  url: url.optional(),
  kinds: kinds.optional(),
  disabled: flag.optional(),
});
const rotation = strict({
  old_valid_for_seconds: z
    .int(`must be a whole number of seconds from 0 to ${WEEK_SECONDS}`)
    .min(0, 'must not be negative')
    .max(WEEK_SECONDS, `must be at most ${WEEK_SECONDS}: a week`)
    .optional(),
});
const settings = strict({
  key_limit_percent: z
    .int('must be a whole number from 1 to 99')
    .min(1, 'must be at least 1')
    .max(99, 'must be at most 99'),
});

export interface NewWebhook {
  readonly name: string;
  readonly url: string;
  readonly kinds: readonly NewsKind[] | null;
  readonly workspaceId: string | null;
}

export function parseNewWebhook(body: unknown, privateHosts: readonly string[]): NewWebhook {
  const fields = parse(newWebhook, body);
  mustBeReachable(fields.url, privateHosts);
  return {
    ...{ name: fields.name, url: fields.url },
    ...{ kinds: distinct(fields.kinds ?? null), workspaceId: fields.workspace_id ?? null },
  };
}

export type WebhookChanges = Partial<Pick<NewWebhook, 'name' | 'url' | 'kinds'> & { disabled: boolean }>;

export function parseWebhookPatch(body: unknown, privateHosts: readonly string[]): WebhookChanges {
  const { kinds: wanted, ...fields } = parse(webhookPatch, body);
  if (fields.url !== undefined) mustBeReachable(fields.url, privateHosts);
  return { ...defined(fields), ...(wanted === undefined ? {} : { kinds: distinct(wanted) }) };
}

/** In milliseconds, how long the old secret signs too. */
export function parseSecretRotation(body: unknown): number {
  return (parse(rotation, body).old_valid_for_seconds ?? DAY_SECONDS) * 1000;
}

export function parseSettings(body: unknown): number {
  return parse(settings, body).key_limit_percent;
}

/** By kind, whether somebody wants it by mail; kinds that are never mailed are refused. */
export function parsePreferences(body: unknown): ReadonlyMap<NewsKind, boolean> {
  const mailed = CHOSEN_KINDS.filter((one) => NEWS[one].mailedTo !== null);
  const schema = strict({
    by_mail: z.partialRecord(
      z.enum(mailed as [NewsKind, ...NewsKind[]], `must be one of ${mailed.join(', ')}`),
      flag,
      'must be an object of kinds',
    ),
  });
  return new Map(Object.entries(parse(schema, body).by_mail) as [NewsKind, boolean][]);
}

function mustBeReachable(address: string, privateHosts: readonly string[]): void {
  const fault = addressFault(address, privateHosts);
  if (fault !== null) throw invalidField('url', fault);
}

const distinct = (list: readonly NewsKind[] | null) => (list === null ? null : [...new Set(list)]);

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
