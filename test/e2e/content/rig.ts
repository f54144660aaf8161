/** A request through each door, with something in it to look for, and where a gateway keeps bytes. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { TestGateway } from '../../harness.ts';

export interface DoorCase {
  readonly name: string;
  readonly path: string;
  readonly body: (text: string) => Record<string, unknown>;
  /** What asks for the same as a stream. */
  readonly streamed: { readonly path?: string; readonly body?: object };
  /** What `input` of the kept content must be. */
  readonly input: (text: string) => object;
}

const user = (content: string) => ({ role: 'user', content });

export const DOOR_CASES: readonly DoorCase[] = [
  {
    name: 'chat completions',
    path: '/api/v1/chat/completions',
    body: (text) => ({ model: 'acme/small', messages: [user(text)], provider: { allow_fallbacks: true } }),
    streamed: { body: { stream: true } },
    input: (text) => ({ messages: [user(text)] }),
  },
  {
    name: 'completions',
    path: '/api/v1/completions',
    body: (text) => ({ model: 'acme/small', prompt: text }),
    streamed: { body: { stream: true } },
    input: (text) => ({ prompt: text }),
  },
  {
    name: 'messages',
    path: '/api/v1/messages',
    body: (text) => ({ model: 'acme/small', max_tokens: 200, system: 'Be brief.', messages: [user(text)] }),
    streamed: { body: { stream: true } },
    input: (text) => ({ messages: [{ role: 'system', content: 'Be brief.' }, user(text)] }),
  },
  {
    name: 'responses',
    path: '/api/v1/responses',
    body: (text) => ({ model: 'acme/small', input: text }),
    streamed: { body: { stream: true } },
    input: (text) => ({ prompt: text }),
  },
  {
    name: 'generateContent',
    path: '/api/v1beta/models/acme/small:generateContent',
    body: (text) => ({ contents: [{ role: 'user', parts: [{ text }] }] }),
    streamed: { path: '/api/v1beta/models/acme/small:streamGenerateContent' },
    input: (text) => ({ messages: [{ role: 'user', parts: [{ text }] }] }),
  },
  {
    name: 'generateContent as events',
    path: '/api/v1beta/models/acme/small:generateContent',
    body: (text) => ({ contents: [{ role: 'user', parts: [{ text }] }] }),
    streamed: { path: '/api/v1beta/models/acme/small:streamGenerateContent?alt=sse' },
    input: (text) => ({ messages: [{ role: 'user', parts: [{ text }] }] }),
  },
];

export interface Asked {
  readonly id: string;
  readonly status: number;
  readonly text: string;
}

export async function askDoor(
  gateway: TestGateway,
  door: DoorCase,
  text: string,
  { stream = false, key = gateway.apiKey, body = {} }: { stream?: boolean; key?: string; body?: object } = {},
): Promise<Asked> {
  const path = stream ? (door.streamed.path ?? door.path) : door.path;
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...door.body(text), ...(stream ? door.streamed.body : {}), ...body }),
  });
  return {
    id: answer.headers.get('x-generation-id') ?? '',
    status: answer.status,
    text: await answer.text(),
  };
}

/** Switches keeping on for the default workspace, or changes how. */
export async function keep(gateway: TestGateway, setting: object = {}): Promise<Response> {
  return await fetch(`${gateway.baseUrl}/content-logging`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ enabled: true, ...setting }),
  });
}

export interface Kept {
  readonly input: object;
  readonly output: { readonly completion: string | null; readonly reasoning: string | null };
  readonly error: { readonly status: number; readonly message: string } | null;
  readonly request: { readonly door: string; readonly body: object };
}

/** Null: 404. */
export async function contentOf(gateway: TestGateway, id: string): Promise<Kept | null> {
  const answer = await fetch(`${gateway.baseUrl}/generation/content?id=${id}`, {
    headers: { authorization: `Bearer ${gateway.managementKey}` },
  });
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { data: Kept }).data;
}

/** Every byte that is kept anywhere: the rows, the files of the data directory (journal included) and the log. */
export async function everyByte(gateway: TestGateway): Promise<Buffer> {
  const { db, engine } = gateway.database;
  const tables =
    engine === 'sqlite'
      ? sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`
      : sql<{ name: string }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`;
  const { rows } = await tables.execute(db);
  const parts: Buffer[] = [];
  for (const { name } of rows) {
    const content = (await sql`SELECT * FROM ${sql.table(name)}`.execute(db)).rows;
    parts.push(
      Buffer.from(JSON.stringify(content, (_, value) => (typeof value === 'bigint' ? String(value) : value))),
    );
  }
  for (const path of readdirSync(gateway.dataDir, { recursive: true, encoding: 'utf8' })) {
    const file = join(gateway.dataDir, path);
    if (statSync(file).isFile()) parts.push(readFileSync(file));
  }
  parts.push(Buffer.from(gateway.logLines.join('\n')));
  return Buffer.concat(parts);
}

/** The text as it is and as encodings would hide it: base64 at each of its three offsets, hex, UTF-16. */
export function spellings(text: string): string[] {
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.from('\0'.repeat(offset) + text)
      .toString('base64')
      .slice(offset === 0 ? 0 : offset + 1, -4),
  );
  return [text, ...base64, Buffer.from(text).toString('hex'), text.split('').join('\0')];
}
