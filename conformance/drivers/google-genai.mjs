import { GoogleGenAI } from '@google/genai';
import { host, key, model, prompt, TOLD, WEATHER, weatherSchema } from './setting.mjs';

const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: `${host}/api` } });

export async function text() {
  return { text: (await client.models.generateContent({ model, contents: prompt })).text };
}

export async function stream() {
  let pieces = 0;
  let text = '';
  let finishReason;
  for await (const chunk of await client.models.generateContentStream({ model, contents: prompt })) {
    if (chunk.text) pieces += 1;
    text += chunk.text ?? '';
    finishReason = chunk.candidates?.[0]?.finishReason ?? finishReason;
  }
  if (finishReason !== 'STOP') throw new Error(`ended with ${finishReason}`);
  return { text, pieces };
}

export async function tools() {
  const functionDeclarations = [{ name: WEATHER, parametersJsonSchema: weatherSchema }];
  const config = { tools: [{ functionDeclarations }] };
  const asked = { role: 'user', parts: [{ text: prompt }] };
  const first = await client.models.generateContent({ model, contents: [asked], config });
  const call = first.functionCalls[0];
  const told = { functionResponse: { id: call.id, name: call.name, response: { output: TOLD } } };
  const second = await client.models.generateContent({
    model,
    contents: [asked, first.candidates[0].content, { role: 'user', parts: [told] }],
    config,
  });
  return { text: second.text };
}

export async function models() {
  const ids = [];
  for await (const row of await client.models.list()) ids.push(row.name.replace('models/', ''));
  return { models: ids };
}

export async function embeddings() {
  const { embeddings: found } = await client.models.embedContent({
    model: 'acme/vectors',
    contents: [prompt, 'another'],
  });
  return { vectors: found.length, dimensions: found[0].values.length };
}
