// How a test says what the fake provider shall do wrong: by a queued script, or by the first line of the prompt.
import { isObject, type JsonObject, parseJson } from './json.ts';
import type { CompletionRequest } from './request.ts';

export interface Behaviour {
  /** Answers with this status and no completion; `body` (text, or JSON) or OpenAI's error of that status. */
  status?: number;
  body?: unknown;
  /** Raw bytes instead of `body`, for example a gzip bomb together with a content-encoding header. */
  bodyBase64?: string;
  /** Added to, or in place of, the response headers of any answer. */
  headers?: Record<string, string>;
  /** Waits this long before the response headers. */
  delayMs?: number;
  /**
   * Goes on only when this is fulfilled: a stream after `holdAfterChunks` chunks, anything else before its headers. For tests
   * in the same process, which let it go when what they wait for has happened, however long that takes.
   */
  holdUntil?: Promise<unknown>;
  holdAfterChunks?: number;
  hang?: 'before-headers' | 'mid-stream';
  /** How many chunks a `mid-stream` hang lets through; 1 unless told. */
  hangAfterChunks?: number;
  /** Ends the connection with a TCP reset after so many chunks. A JSON answer is cut in its middle. */
  resetAfterChunks?: number;
  /** Closes the connection in the middle of the frame after so many chunks. A JSON answer is cut in its middle. */
  truncateAfterChunks?: number;
  garbage?: 'html' | 'json' | 'binary' | 'line';
  /** Changes the reported usage, never the true one in the log; null leaves it out. */
  usage?: JsonObject | null;
  /** Makes so many of the prompt tokens cached ones, in the reported and in the true usage. */
  cachedTokens?: number;
  ignoreMaxTokens?: boolean;
  /** The first chunk of text is one delta of so many bytes. */
  bigChunkBytes?: number;
  onebyte?: boolean;
  crlf?: boolean;
  /** Lines end in a lone carriage return. */
  cr?: boolean;
  comments?: boolean;
  noDone?: boolean;
  noFinish?: boolean;
  chunks?: number;
  chunkDelayMs?: number;
  chunkText?: string;
  finishReason?: string;
  errorAfterChunks?: number;
  /** Cuts each frame inside a multi-byte character, in two packets; adds one where the text has none. */
  splitUtf8?: boolean;
  reasoningChunks?: number;
  redirect?: string;
  /** Calls this one of the tools that were offered, whatever the prompt mentions. */
  callTool?: string;
  nullFields?: boolean;
  /** Of embeddings: how many there are, whatever was asked for. */
  vectorCount?: number;
  /** Of embeddings: the last comes first, told apart by its index. */
  reversed?: boolean;
}

export interface Script {
  match?: {
    model?: string;
    /** Some of the prompt's text. */
    contains?: string;
  };
  /** How many requests it applies to; once unless told. */
  times?: number | 'always';
  behaviour: Behaviour;
}

export class ScriptQueue {
  #scripts: { readonly script: Script; remaining: number }[] = [];

  add(script: Script): void {
    const remaining = script.times === 'always' ? Number.POSITIVE_INFINITY : (script.times ?? 1);
    if (remaining > 0) this.#scripts.push({ script, remaining });
  }

  clear(): void {
    this.#scripts = [];
  }

  /** The behaviour of the oldest script that matches, which is used up by it. */
  take(model: string, promptText: string): Behaviour | undefined {
    const found = this.#scripts.find(({ script: { match } }) => {
      if (match?.model !== undefined && match.model !== model) return false;
      return match?.contains === undefined || promptText.includes(match.contains);
    });
    if (found === undefined) return undefined;
    found.remaining -= 1;
    if (found.remaining <= 0) this.#scripts = this.#scripts.filter((entry) => entry !== found);
    return found.script.behaviour;
  }
}

/** A script sent over HTTP, or why it is none. */
export function readScript(value: unknown): Script | string {
  if (!isObject(value) || !isObject(value.behaviour)) return 'a script needs a behaviour object';
  const { match, times, behaviour } = value;
  if (times !== undefined && times !== 'always' && typeof times !== 'number')
    return 'times: number or "always"';
  const script: Script = { behaviour };
  if (isObject(match)) {
    script.match = {};
    if (typeof match.model === 'string') script.match.model = match.model;
    if (typeof match.contains === 'string') script.match.contains = match.contains;
  }
  if (times !== undefined) script.times = times;
  return script;
}

const DIRECTIVE = /^!fake ([^\n]*)(?:\n|$)/u;

/** Splits `!fake {…}` off the prompt's first line. The prompt is billed with it, but only the rest is echoed. */
export function readDirective(text: string): { behaviour: Behaviour; text: string } | string {
  const line = DIRECTIVE.exec(text);
  if (line === null) return { behaviour: {}, text };
  const behaviour = parseJson(line[1] ?? '');
  if (!isObject(behaviour)) return 'the !fake directive is not a JSON object';
  return { behaviour, text: text.slice(line[0].length) };
}

/** What a behaviour is chosen by. */
export type Prompted = Pick<CompletionRequest, 'model' | 'promptText' | 'lastUserText'>;

/** What applies to this request: the script's behaviour, with the prompt's directive on top. */
export function behaviourFor(
  request: Prompted,
  scripts: ScriptQueue,
): { behaviour: Behaviour; text: string } | string {
  const scripted = scripts.take(request.model, request.promptText);
  const directive = readDirective(request.lastUserText);
  if (typeof directive === 'string') return directive;
  return { behaviour: { ...scripted, ...directive.behaviour }, text: directive.text };
}
