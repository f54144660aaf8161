/** A part of Google's content as OpenRouter writes it for embeddings. */
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';

/** Throws a 400 for one that cannot be embedded. `at` names it for its caller. */
export function openRouterPart(part: unknown, at: string): JsonObject {
  if (!isJsonObject(part)) throw invalidRequest(`${at} must be an object`);
  const { text, inlineData, fileData } = part;
  if (typeof text === 'string') return { type: 'text', text };
  if (isJsonObject(inlineData)) {
    const { mimeType, data } = inlineData;
    if (typeof mimeType !== 'string' || typeof data !== 'string')
      throw invalidRequest(`${at}.inlineData must have mimeType and data`);
    return mediaPart(mimeType, `data:${mimeType};base64,${data}`);
  }
  if (isJsonObject(fileData)) {
    const { mimeType, fileUri } = fileData;
    if (typeof fileUri !== 'string') throw invalidRequest(`${at}.fileData must have fileUri`);
    return mediaPart(typeof mimeType === 'string' ? mimeType : '', fileUri);
  }
  throw invalidRequest(`${at} must have text, inlineData or fileData`);
}

function mediaPart(mimeType: string, url: string): JsonObject {
  const [kind, format = ''] = mimeType.toLowerCase().split('/');
  if (kind === 'image') return { type: 'image_url', image_url: { url } };
  if (kind === 'video') return { type: 'input_video', video_url: { url } };
  if (kind === 'audio') {
    const data = url.slice(url.indexOf(',') + 1);
    return { type: 'input_audio', input_audio: url.startsWith('data:') ? { data, format } : { url, format } };
  }
  return { type: 'input_file', file: { file_data: url } };
}
