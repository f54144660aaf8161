import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { ChatOpenRouter } from '@langchain/openrouter';
import { host, key, model, prompt, TOLD, WEATHER, weatherSchema } from './setting.mjs';

const baseURL = `${host}/api/v1`;

const chats = {
  'langchain-openai': () => new ChatOpenAI({ model, apiKey: key, maxRetries: 1, configuration: { baseURL } }),
  'langchain-openrouter': () => new ChatOpenRouter({ model, apiKey: key, maxRetries: 1, baseURL }),
};

function library(name) {
  return {
    async text() {
      return { text: (await chats[name]().invoke(prompt)).text };
    },
    async stream() {
      let pieces = 0;
      let text = '';
      for await (const chunk of await chats[name]().stream(prompt)) {
        if (chunk.text !== '') pieces += 1;
        text += chunk.text;
      }
      return { text, pieces };
    },
    async tools() {
      const told = { name: WEATHER, description: 'Tells the weather', schema: weatherSchema };
      const bound = chats[name]().bindTools([told]);
      const asked = new HumanMessage(prompt);
      const first = await bound.invoke([asked]);
      const answer = new ToolMessage({ content: TOLD, tool_call_id: first.tool_calls[0].id });
      return { text: (await bound.invoke([asked, first, answer])).text };
    },
    async embeddings() {
      const embedder = new OpenAIEmbeddings({
        model: 'acme/vectors',
        apiKey: key,
        configuration: { baseURL },
      });
      const found = await embedder.embedDocuments([prompt, 'another']);
      return { vectors: found.length, dimensions: found[0].length };
    },
  };
}

export const clients = Object.fromEntries(Object.keys(chats).map((name) => [name, library(name)]));
