/** Bodies of the workspace operations. Throws a 400 that names the member, and changes nothing. */
import { z } from 'zod';
import { flag, nonEmpty, parse, text } from '../keys/key-fields.ts';

const MAX_NAME = 100;
const MAX_SLUG = 50;
const MAX_DESCRIPTION = 500;
const MAX_MODEL = 256;
const MAX_BATCH = 100;
const MAX_USER_ID = 256;
const MAX_KEY_IDS = 1000;
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Tools that OpenRouter's servers run, by the names that requests call them by. */
const SERVER_TOOLS = [
  ...['advisor', 'apply_patch', 'bash', 'datetime', 'fusion', 'image_generation'],
  ...['experimental__search_models', 'shell', 'subagent', 'tool_search', 'web_fetch', 'web_search'],
].map((name) => `openrouter:${name}`);

const model = nonEmpty.max(MAX_MODEL, `must have at most ${MAX_MODEL} characters`).nullable();
const rate = 'must be a number from 0.0001 to 1';

const settings = {
  description: text
    .max(MAX_DESCRIPTION, `must have at most ${MAX_DESCRIPTION} characters`)
    .nullable()
    .optional(),
  default_text_model: model.optional(),
  default_image_model: model.optional(),
  default_provider_sort: z
    .enum(
      ['price', 'throughput', 'latency', 'exacto'],
      'must be "price", "throughput", "latency", "exacto" or null',
    )
    .nullable()
    .optional(),
  disabled_server_tools: z
    .array(
      z.enum(SERVER_TOOLS, `must be of ${SERVER_TOOLS.join(', ')}`),
      'must be a list of server tools, or null',
    )
    .nullable()
    .optional(),
  is_observability_io_logging_enabled: flag.optional(),
  is_observability_broadcast_enabled: flag.optional(),
  is_data_discount_logging_enabled: flag.optional(),
  io_logging_sampling_rate: z.number(rate).min(0.0001, rate).max(1, rate).optional(),
  io_logging_api_key_ids: z
    .array(z.int('must be whole numbers'), 'must be a list of the numbers of keys, or null')
    .min(1, 'must name a key; null means every key')
    .max(MAX_KEY_IDS, `must name at most ${MAX_KEY_IDS} keys`)
    .nullable()
    .optional(),
};

const name = text
  .transform((value) => value.trim())
  .pipe(z.string().min(1, 'must not be empty').max(MAX_NAME, `must have at most ${MAX_NAME} characters`));
const slug = text
  .min(1, 'must not be empty')
  .max(MAX_SLUG, `must have at most ${MAX_SLUG} characters`)
  .regex(SLUG, 'must be lower-case letters and digits, in parts joined by single hyphens');

const creation = z.object({ ...settings, name, slug }, 'must be a JSON object');
const patch = z.object(
  { ...settings, name: name.optional(), slug: slug.optional() },
  'must be a JSON object',
);

export type WorkspacePatch = z.infer<typeof patch>;
export type NewWorkspace = z.infer<typeof creation>;

export const parseNewWorkspace = (body: unknown): NewWorkspace => parse(creation, body);
export const parseWorkspacePatch = (body: unknown): WorkspacePatch => parse(patch, body);

const people = z.object(
  {
    user_ids: z
      .array(
        nonEmpty.max(MAX_USER_ID, `must have at most ${MAX_USER_ID} characters`),
        'must be a list of ids of users',
      )
      .min(1, 'must name a user')
      .max(MAX_BATCH, `must name at most ${MAX_BATCH} users`),
  },
  'must be a JSON object',
);

/** Without repeats. */
export const parsePeople = (body: unknown): readonly string[] => [...new Set(parse(people, body).user_ids)];

export const workspaceRole = z.enum(['admin', 'member'], 'must be "admin" or "member"');

const rolePatch = z.object({ role: workspaceRole }, 'must be a JSON object');

export const parseRole = (body: unknown): 'admin' | 'member' => parse(rolePatch, body).role;
