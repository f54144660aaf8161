import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import { embedMany, generateText, isStepCount, jsonSchema, streamText, tool } from 'ai';
import { host, key, model, prompt, TOLD, WEATHER, weatherSchema } from './setting.mjs';

const v1 = `${host}/api/v1`;

/** By the package that speaks. */
const chats = {
  'ai-sdk-anthropic': () => createAnthropic({ apiKey: key, baseURL: v1 })(model),
  'ai-sdk-google': () => createGoogle({ apiKey: key, baseURL: `${host}/api/v1beta` })(model),
  'ai-sdk-openai': () => createOpenAI({ apiKey: key, baseURL: v1 })(model),
  'ai-sdk-openai-compatible': () =>
    createOpenAICompatible({ name: 'turnpike', apiKey: key, baseURL: v1 })(model),
  'ai-sdk-openrouter': () => createOpenRouter({ apiKey: key, baseURL: v1 })(model),
};

const vectors = {
  'ai-sdk-openai': () => createOpenAI({ apiKey: key, baseURL: v1 }).embedding('acme/vectors'),
  'ai-sdk-openai-compatible': () =>
    createOpenAICompatible({ name: 'turnpike', apiKey: key, baseURL: v1 }).embeddingModel('acme/vectors'),
  'ai-sdk-openrouter': () =>
    createOpenRouter({ apiKey: key, baseURL: v1 }).textEmbeddingModel('acme/vectors'),
  'ai-sdk-google': () =>
    createGoogle({ apiKey: key, baseURL: `${host}/api/v1beta` }).embedding('acme/vectors'),
};

function library(name) {
  return {
    async text() {
      return { text: (await generateText({ model: chats[name](), prompt })).text };
    },
    async stream() {
      let pieces = 0;
      let text = '';
      let failure = null;
      const result = streamText({
        model: chats[name](),
        prompt,
        onError: ({ error }) => {
          failure = error;
        },
      });
      for await (const piece of result.textStream) {
        pieces += 1;
        text += piece;
      }
      if (failure !== null) throw failure;
      const finishReason = await result.finishReason;
      if (finishReason === 'error') throw new Error('finished with an error');
      return { text, pieces, finishReason };
    },
    async tools() {
      const result = await generateText({
        model: chats[name](),
        prompt,
        stopWhen: isStepCount(2),
        tools: {
          [WEATHER]: tool({
            description: 'Tells the weather',
            inputSchema: jsonSchema(weatherSchema),
            execute: () => TOLD,
          }),
        },
      });
      return { text: result.text, steps: result.steps.length };
    },
    async embeddings() {
      const { embeddings } = await embedMany({ model: vectors[name](), values: [prompt, 'another'] });
      return { vectors: embeddings.length, dimensions: embeddings[0].length };
    },
  };
}

export const clients = Object.fromEntries(Object.keys(chats).map((name) => [name, library(name)]));
