import { OpenRouter } from '@openrouter/sdk';
import { host, key, messages, model, prompt, TOLD, WEATHER, weatherSchema } from './setting.mjs';

// Left alone it tries again for an hour.
const backoff = { initialInterval: 200, maxInterval: 1000, exponent: 1.5, maxElapsedTime: 5000 };
const client = new OpenRouter({
  apiKey: key,
  serverURL: `${host}/api/v1`,
  retryConfig: { strategy: 'backoff', backoff, retryConnectionErrors: true },
});
const asked = { model, messages };

export async function text() {
  return { text: (await client.chat.send({ chatRequest: asked })).choices[0].message.content };
}

export async function stream() {
  let pieces = 0;
  let text = '';
  for await (const chunk of await client.chat.send({ chatRequest: { ...asked, stream: true } })) {
    if (chunk.error) throw new Error(chunk.error.message);
    const piece = chunk.choices[0]?.delta.content ?? '';
    if (piece !== '') pieces += 1;
    text += piece;
  }
  return { text, pieces };
}

export async function tools() {
  const tools = [{ type: 'function', function: { name: WEATHER, parameters: weatherSchema } }];
  const first = await client.chat.send({ chatRequest: { ...asked, tools } });
  const { message } = first.choices[0];
  const answer = { role: 'tool', toolCallId: message.toolCalls[0].id, content: TOLD };
  const second = await client.chat.send({
    chatRequest: { ...asked, tools, messages: [...messages, message, answer] },
  });
  return { text: second.choices[0].message.content };
}

export async function responses() {
  const answer = await client.responses.send({ responsesRequest: { model, input: prompt } });
  return { text: JSON.stringify(answer.output) };
}

export async function models() {
  const ids = [];
  for await (const page of await client.models.list()) ids.push(...page.result.data.map(({ id }) => id));
  return { models: ids };
}

export async function embeddings() {
  const answer = await client.embeddings.generate({
    requestBody: { model: 'acme/vectors', input: [prompt, 'another'] },
  });
  return { vectors: answer.data.length, dimensions: answer.data[0].embedding.length };
}
