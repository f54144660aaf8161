import OpenAI from 'openai';
import { host, key, messages, model, prompt, TOLD, WEATHER, weatherSchema } from './setting.mjs';

const client = new OpenAI({ apiKey: key, baseURL: `${host}/api/v1` });
const asked = { model, messages };

export async function text() {
  return { text: (await client.chat.completions.create(asked)).choices[0].message.content };
}

export async function stream() {
  const streamed = client.chat.completions.stream(asked);
  let pieces = 0;
  streamed.on('content', () => {
    pieces += 1;
  });
  return { text: await streamed.finalContent(), pieces };
}

export async function tools() {
  const runner = client.chat.completions.runTools({
    ...asked,
    tools: [
      {
        type: 'function',
        function: { name: WEATHER, parameters: weatherSchema, parse: JSON.parse, function: () => TOLD },
      },
    ],
  });
  return { text: await runner.finalContent() };
}

export async function responses() {
  return { text: (await client.responses.create({ model, input: prompt })).output_text };
}

async function responsesStream() {
  const streamed = client.responses.stream({ model, input: prompt });
  let pieces = 0;
  streamed.on('response.output_text.delta', () => {
    pieces += 1;
  });
  return { text: (await streamed.finalResponse()).output_text, pieces };
}

export async function models() {
  const ids = [];
  for await (const row of client.models.list()) ids.push(row.id);
  return { models: ids };
}

export async function embeddings() {
  const { data } = await client.embeddings.create({ model: 'acme/vectors', input: [prompt, 'another'] });
  return { vectors: data.length, dimensions: data[0].embedding.length };
}

export { responsesStream as 'responses stream' };
