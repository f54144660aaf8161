/** What is kept of one request where its workspace has asked for it. No I/O. */
import type { TurnpikeError } from '../errors.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../json.ts';
import type { SpokenAnswer } from './answer-text.ts';
import { askedOf, type Door } from './asked.ts';

/** As OpenRouter's document has it; `previous_errors` of a request that failed over. */
export interface ContentError {
  readonly status: number;
  readonly message: string;
  readonly provider_name: string | null;
  readonly raw: string | null;
  readonly previous_errors: readonly {
    readonly code: number;
    readonly message: string;
    readonly provider_name: string | null;
    readonly raw: string | null;
  }[];
}

/** What is sealed, as JSON. */
export interface Content {
  readonly door: Door;
  /** The request's body as it came. */
  readonly body: JsonObject;
  readonly answer: Omit<SpokenAnswer, 'error'> | null;
  readonly error: ContentError | null;
}

/** `data` of `GET /generation/content`: `request`, `output.tool_calls` and `output.choices` are ours. */
export function contentJson({ door, body, answer, error }: Content): JsonObject {
  return {
    input: askedOf(door, body),
    output: {
      completion: answer?.completion ?? null,
      reasoning: answer?.reasoning ?? null,
      ...(answer === null || answer.calls.length === 0 ? {} : { tool_calls: answer.calls }),
      ...(answer === null || answer.others.length === 0
        ? {}
        : { choices: [answer.completion ?? '', ...answer.others] }),
    },
    error,
    request: { door, body },
  };
}

/** As its caller was told. */
export function contentErrorOf({ status, message, metadata }: TurnpikeError): ContentError {
  const previous = Array.isArray(metadata['previous_errors']) ? metadata['previous_errors'] : [];
  return {
    ...{ status, message },
    provider_name: textOrNull(metadata['provider_name']),
    raw: textOrNull(metadata['raw']),
    previous_errors: previous.filter(isJsonObject).map((earlier) => ({
      code: Number(earlier['status'] ?? earlier['code']),
      message: `${String(earlier['provider'])} answered ${String(earlier['status'] ?? earlier['code'])}`,
      provider_name: textOrNull(earlier['provider']),
      raw: null,
    })),
  };
}
