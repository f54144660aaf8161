/** Errors of OpenAI's dialect: `{error: {message, type, code}}`, in an error answer or as an event inside a stream. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import { ProviderError } from '../provider.ts';

export function readError(body: unknown): { message: string | null; code: string | null } {
  const error = errorMember(body);
  if (typeof error === 'string') return { message: error, code: null };
  if (error === null) return { message: null, code: null };
  const { message, code, type } = error;
  return {
    message: typeof message === 'string' ? message : null,
    code: typeof code === 'string' ? code : typeof type === 'string' ? type : null,
  };
}

/** The failure that an event with an `error` member announces in mid-stream. */
export function streamError(event: JsonObject): ProviderError {
  const { message, code } = readError(event);
  const error = errorMember(event);
  const status = isJsonObject(error) ? error['code'] : null;
  return new ProviderError('status', {
    message: (message ?? 'Provider returned error').slice(0, 500),
    status: typeof status === 'number' && status >= 400 && status < 600 ? status : null,
    providerCode: code,
  });
}

function errorMember(body: unknown): JsonObject | string | null {
  if (!isJsonObject(body)) return null;
  const error = body['error'];
  return typeof error === 'string' || isJsonObject(error) ? error : null;
}
