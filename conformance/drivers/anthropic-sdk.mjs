import Anthropic from '@anthropic-ai/sdk';
import { host, key, messages, model, TOLD, WEATHER, weatherSchema } from './setting.mjs';

const client = new Anthropic({ apiKey: key, baseURL: `${host}/api` });
const asked = { model, max_tokens: 500, messages };
const textOf = (message) => message.content.map((block) => block.text ?? '').join('');

export async function text() {
  return { text: textOf(await client.messages.create(asked)) };
}

export async function stream() {
  const streamed = client.messages.stream(asked);
  let pieces = 0;
  streamed.on('text', () => {
    pieces += 1;
  });
  return { text: textOf(await streamed.finalMessage()), pieces };
}

export async function tools() {
  const told = { name: WEATHER, description: 'Tells the weather', input_schema: weatherSchema };
  const first = await client.messages.create({ ...asked, tools: [told] });
  const call = first.content.find((block) => block.type === 'tool_use');
  const second = await client.messages.create({
    ...asked,
    tools: [told],
    messages: [
      ...messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: TOLD }] },
    ],
  });
  return { text: textOf(second), called: call.name };
}

export async function models() {
  const ids = [];
  for await (const row of client.models.list()) ids.push(row.id);
  return { models: ids };
}
