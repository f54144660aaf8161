/** What Anthropic adds to a prompt by itself, in tokens, which the bytes of a request do not bound. */
import type { ChatPayload } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { JSON_INSTRUCTION } from './prompt-body.ts';
import { UNIONS } from './schema.ts';

/** The most of Anthropic's table "Tool use system prompt token count": Claude Opus 4.7 with `any` or `tool`. */
const TOOL_PROMPT_TOKENS = 804;
/** The most that its pages name for one tool of its own: computer use, 735 for the tool and 499 for its prompt. */
const OWN_TOOL_TOKENS = 1234;
/** A schema for the answer is written into a prompt of which no page says how long it is: as long as that of tools. */
const FORMAT_PROMPT_TOKENS = 804;

/** The most, whatever the model. */
export function promptOverheadTokens({ native, prompt }: ChatPayload): number {
  if (native.dialect === 'anthropic-messages') return nativeOverhead(native.body);
  const { messages, tools, format } = prompt();
  const hasTools =
    tools.length > 0 || messages.some(({ parts }) => parts.some(({ type }) => type === 'tool-call'));
  return (
    (hasTools ? TOOL_PROMPT_TOKENS : 0) +
    tools.reduce((sum, { parameters }) => sum + saidTwice(parameters), 0) +
    (format?.type === 'schema' ? FORMAT_PROMPT_TOKENS : 0) +
    (format?.type === 'json' ? Buffer.byteLength(JSON_INSTRUCTION) : 0)
  );
}

/** Bytes of what `inputSchema` says in words beside the members that it is about. */
function saidTwice(parameters: JsonObject | null): number {
  if (parameters === null) return 0;
  const unions = UNIONS.flatMap((name) => (Array.isArray(parameters[name]) ? [parameters[name]] : []));
  return unions.length === 0 ? 0 : 2 * Buffer.byteLength(JSON.stringify(unions));
}

function nativeOverhead(body: JsonObject): number {
  const tools = Array.isArray(body['tools']) ? body['tools'].filter(isJsonObject) : [];
  const own = tools.filter(({ type }) => typeof type === 'string' && type !== 'custom').length;
  const config = body['output_config'];
  const hasFormat =
    (isJsonObject(config) && isJsonObject(config['format'])) || isJsonObject(body['output_format']);
  return (
    (tools.length > 0 ? TOOL_PROMPT_TOKENS : 0) +
    own * OWN_TOOL_TOKENS +
    (hasFormat ? FORMAT_PROMPT_TOKENS : 0)
  );
}
