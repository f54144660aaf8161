/** How a model is called, ready to be pasted. */
import type { Program } from './code-tabs.tsx';

export function snippetsOf(modelId: string, origin: string): readonly Program[] {
  const body = JSON.stringify({ model: modelId, messages: [{ role: 'user', content: 'Hello!' }] });
  // A model's name is the operator's text, and could hold what ends a quoted argument.
  const argument = body.replaceAll("'", `'\\''`);
  const name = JSON.stringify(modelId);
  return [
    {
      id: 'curl',
      label: 'curl',
      code: [
        `curl ${origin}/api/v1/chat/completions`,
        '  -H "Authorization: Bearer $OPENROUTER_API_KEY"',
        '  -H "Content-Type: application/json"',
        `  -d '${argument}'`,
      ].join(' \\\n'),
    },
    {
      id: 'typescript',
      label: 'TypeScript',
      code: [
        "import OpenAI from 'openai';",
        '',
        'const client = new OpenAI({',
        `  baseURL: '${origin}/api/v1',`,
        '  apiKey: process.env.OPENROUTER_API_KEY,',
        '});',
        'const completion = await client.chat.completions.create({',
        `  model: ${name},`,
        "  messages: [{ role: 'user', content: 'Hello!' }],",
        '});',
        'console.log(completion.choices[0].message.content);',
      ].join('\n'),
    },
    {
      id: 'python',
      label: 'Python',
      code: [
        'import os',
        'from openai import OpenAI',
        '',
        `client = OpenAI(base_url="${origin}/api/v1", api_key=os.environ["OPENROUTER_API_KEY"])`,
        'completion = client.chat.completions.create(',
        `    model=${name},`,
        '    messages=[{"role": "user", "content": "Hello!"}],',
        ')',
        'print(completion.choices[0].message.content)',
      ].join('\n'),
    },
    {
      id: 'claude-code',
      label: 'Claude Code',
      code: [
        `export ANTHROPIC_BASE_URL=${origin}/api`,
        'export ANTHROPIC_AUTH_TOKEN=$OPENROUTER_API_KEY',
        `claude --model '${modelId.replaceAll("'", `'\\''`)}'`,
      ].join('\n'),
    },
  ];
}
