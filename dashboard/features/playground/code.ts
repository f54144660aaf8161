/** One request as a program asks for it: exactly what the Playground sends, by four clients. */
import type { Program } from '../../shared/components/code-tabs.tsx';
import type { JsonObject } from './conversation.ts';

/** Members that OpenAI's own clients have no name for. */
const NOT_OPENAI = ['provider', 'reasoning'];

export function programsOf(body: JsonObject, origin: string): readonly Program[] {
  return [
    { id: 'curl', label: 'curl', code: curl(body, origin) },
    { id: 'python', label: 'Python', code: python(body, origin) },
    { id: 'typescript', label: 'TypeScript', code: typescript(body, origin) },
    { id: 'openrouter', label: '@openrouter/sdk', code: openRouter(body, origin) },
  ];
}

function curl(body: JsonObject, origin: string): string {
  // A quote ends the argument, whatever text it stands in.
  const argument = JSON.stringify(body, null, 2).replaceAll("'", `'\\''`);
  return [
    `curl -N ${origin}/api/v1/chat/completions`,
    '  -H "Authorization: Bearer $OPENROUTER_API_KEY"',
    '  -H "Content-Type: application/json"',
    `  -d '${argument}'`,
  ].join(' \\\n');
}

function python(body: JsonObject, origin: string): string {
  const known = Object.entries(body).filter(([name]) => !NOT_OPENAI.includes(name));
  const others = Object.entries(body).filter(([name]) => NOT_OPENAI.includes(name));
  const extra = others.length === 0 ? [] : [`    extra_body=${pythonOf(Object.fromEntries(others), 4)},`];
  return [
    'import os',
    'from openai import OpenAI',
    '',
    `client = OpenAI(base_url="${origin}/api/v1", api_key=os.environ["OPENROUTER_API_KEY"])`,
    'stream = client.chat.completions.create(',
    ...known.map(([name, value]) => `    ${name}=${pythonOf(value, 4)},`),
    ...extra,
    ')',
    'for chunk in stream:',
    '    if chunk.choices:',
    '        print(chunk.choices[0].delta.content or "", end="", flush=True)',
  ].join('\n');
}

/** JSON's texts are Python's too, half a surrogate pair excepted, which JSON writes as an escape. */
function pythonOf(value: unknown, indent: number): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = indent + 4;
  const [open, close, parts] = Array.isArray(value)
    ? ['[', ']', value.map((each) => pythonOf(each, inner))]
    : [
        '{',
        '}',
        Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${pythonOf(each, inner)}`),
      ];
  if (parts.length === 0) return `${open}${close}`;
  return `${open}\n${parts.map((part) => `${' '.repeat(inner)}${part},\n`).join('')}${' '.repeat(indent)}${close}`;
}

function typescript(body: JsonObject, origin: string): string {
  const known = Object.entries(body).filter(([name]) => !NOT_OPENAI.includes(name));
  const others = Object.entries(body).filter(([name]) => NOT_OPENAI.includes(name));
  const extra =
    others.length === 0
      ? []
      : [
          '  // Of which OpenAI’s types know nothing.',
          `  ...(${typescriptOf(Object.fromEntries(others), 2)} as object),`,
        ];
  return [
    "import OpenAI from 'openai';",
    '',
    'const client = new OpenAI({',
    `  baseURL: '${origin}/api/v1',`,
    '  apiKey: process.env.OPENROUTER_API_KEY,',
    '});',
    'const stream = await client.chat.completions.create({',
    ...known.map(([name, value]) => `  ${name}: ${typescriptOf(value, 2)},`),
    ...extra,
    '});',
    "for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');",
  ].join('\n');
}

function openRouter(body: JsonObject, origin: string): string {
  return [
    "import { OpenRouter } from '@openrouter/sdk';",
    '',
    'const client = new OpenRouter({',
    `  serverURL: '${origin}/api/v1',`,
    "  apiKey: process.env.OPENROUTER_API_KEY ?? '',",
    '});',
    'const stream = await client.chat.send({',
    `  chatRequest: ${typescriptOf(ofSdk(body), 2)},`,
    '});',
    "for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');",
  ].join('\n');
}

/** Its client has our members in camel case; what is inside of a tool's schema is the tool's own. */
function ofSdk(value: unknown, name = ''): unknown {
  if (name === 'tools') return value;
  if (Array.isArray(value)) return value.map((each) => ofSdk(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([member, each]) => [
      member.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      ofSdk(each, member),
    ]),
  );
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

function typescriptOf(value: unknown, indent: number): string {
  const inner = indent + 2;
  const nameOf = (name: string) => (IDENTIFIER.test(name) ? name : JSON.stringify(name));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const [open, close, parts] = Array.isArray(value)
    ? ['[', ']', value.map((each) => typescriptOf(each, inner))]
    : [
        '{',
        '}',
        Object.entries(value).map(([name, each]) => `${nameOf(name)}: ${typescriptOf(each, inner)}`),
      ];
  if (parts.length === 0) return `${open}${close}`;
  return `${open}\n${parts.map((part) => `${' '.repeat(inner)}${part},\n`).join('')}${' '.repeat(indent)}${close}`;
}
