/** `countTokens`: an estimate, for no provider is asked. */
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { inCamelCase } from './spelling.ts';

/** Roughly, of ordinary text, in UTF-8. */
const BYTES_PER_TOKEN = 4;
/** What Google counts for a small picture. */
const TOKENS_A_MEDIUM = 258;

/** Of `contents`, or of all of a `generateContentRequest`, as Google counts either. */
export function countTokens(sent: JsonObject): JsonObject {
  const whole = sent['generateContentRequest'] ?? sent['generate_content_request'];
  const body = inCamelCase(isJsonObject(whole) ? whole : sent);
  const { contents, systemInstruction, tools } = body;
  if (!Array.isArray(contents)) throw invalidRequest('contents must be a list of at least one content');
  let bytes = tools === undefined ? 0 : Buffer.byteLength(JSON.stringify(tools));
  let media = 0;
  for (const content of [systemInstruction, ...contents]) {
    const parts = isJsonObject(content) && Array.isArray(content['parts']) ? content['parts'] : [];
    for (const part of parts.filter(isJsonObject)) {
      if (isJsonObject(part['inlineData']) || isJsonObject(part['fileData'])) media += 1;
      else bytes += Buffer.byteLength(textOf(part));
    }
  }
  const text = Math.ceil(bytes / BYTES_PER_TOKEN);
  const totalTokens = text + media * TOKENS_A_MEDIUM;
  return {
    totalTokens,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: text },
      ...(media === 0 ? [] : [{ modality: 'IMAGE', tokenCount: media * TOKENS_A_MEDIUM }]),
    ],
  };
}

/** Signatures are no part of what the model reads. */
function textOf({ text, thoughtSignature: _, ...rest }: JsonObject): string {
  const more = Object.keys(rest).length === 0 ? '' : JSON.stringify(rest);
  return `${typeof text === 'string' ? text : ''}${more}`;
}
