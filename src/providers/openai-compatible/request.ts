/** The canonical chat request as OpenAI's dialect: nearly itself, with the vendor's names. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { ChatCall } from '../provider.ts';
import { type Vendor, vendorOf } from './vendor.ts';

export function requestBody(call: ChatCall): JsonObject {
  const vendor = vendorOf(call.target.providerSlug);
  const { reasoning, max_tokens: _, max_completion_tokens: __, ...body } = call.body;
  body['model'] = call.target.upstreamModel;
  if (call.maxTokens !== null) body[vendor.maxTokensField] = call.maxTokens;
  if (reasoning !== undefined) setReasoning(body, reasoning, vendor);
  if (call.stream) {
    body['stream'] = true;
    body['stream_options'] = { include_usage: true };
  } else {
    delete body['stream'];
    delete body['stream_options'];
  }
  if (Array.isArray(body['messages'])) body['messages'] = vendorMessages(body['messages'], vendor);
  return body;
}

export function requestHeaders(call: ChatCall): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: call.stream ? 'text/event-stream' : 'application/json',
    // Compressed answers would be inflated here only to be read and sent on.
    'accept-encoding': 'identity',
    'user-agent': 'turnpike',
  };
  if (call.target.apiKey !== null) headers['authorization'] = `Bearer ${call.target.apiKey}`;
  return headers;
}

function setReasoning(body: JsonObject, reasoning: unknown, vendor: Vendor): void {
  if (vendor.reasoning === 'object') {
    body['reasoning'] = reasoning;
    return;
  }
  const effort = isJsonObject(reasoning) ? reasoning['effort'] : null;
  if (typeof effort === 'string') body['reasoning_effort'] = effort;
}

/** Members that only we and OpenRouter put on messages: strict vendors answer 400 to them. */
const FOREIGN_MEMBERS = [
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'annotations',
  'images',
  'model',
];

function vendorMessages(messages: readonly unknown[], vendor: Vendor): unknown[] {
  return messages.map((message) => {
    if (!isJsonObject(message)) return message;
    let result = { ...message };
    if (vendor.strictMessages) result = without(result, FOREIGN_MEMBERS);
    if (!vendor.acceptsCacheControl && Array.isArray(result['content'])) {
      result['content'] = result['content'].map((part) =>
        isJsonObject(part) ? without(part, ['cache_control', 'prompt_cache_breakpoint']) : part,
      );
    }
    return result;
  });
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  if (!names.some((name) => name in object)) return object;
  const result = { ...object };
  for (const name of names) delete result[name];
  return result;
}
