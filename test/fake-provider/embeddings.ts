// OpenAI's embeddings: the same few numbers for the same input, in either encoding.
import { type AnswerTools, answer, type Exchange } from './answer.ts';
import type { Connection } from './connection.ts';
import type { Behaviour, Prompted } from './faults.ts';
import { asArray, asNumber, asObject, asString, mergeJson } from './json.ts';
import { NO_USAGE, type RequestRecord } from './log.ts';
import { textTokensOf } from './tokens.ts';

const DIMENSIONS = 8;

interface EmbeddingsRequest extends Prompted {
  readonly inputs: readonly (string | readonly number[])[];
  readonly isBase64: boolean;
  readonly dimensions: number;
}

/** The request, or the sentence that OpenAI's 400 would carry. */
function readRequest(json: unknown): EmbeddingsRequest | string {
  const body = asObject(json);
  const model = asString(body.model);
  if (model === undefined || model === '') return 'you must provide a model parameter';
  const inputs = typeof body.input === 'string' ? [body.input] : asArray(body.input);
  if (inputs.length === 0) return "'$.input' is invalid.";
  const format = body.encoding_format ?? 'float';
  if (format !== 'float' && format !== 'base64')
    return `'${String(format)}' is not one of ['float', 'base64']`;
  const texts = inputs.filter((input) => typeof input === 'string');
  return {
    model,
    promptText: texts.join('\n'),
    lastUserText: texts.at(-1) ?? '',
    inputs: inputs as EmbeddingsRequest['inputs'],
    isBase64: format === 'base64',
    dimensions: asNumber(body.dimensions) ?? DIMENSIONS,
  };
}

/** Each number is one that a 32-bit float can be, so that both encodings say the same. */
export function vectorOf(input: string | readonly number[], dimensions = DIMENSIONS): number[] {
  const text = JSON.stringify(input);
  return Array.from(
    { length: dimensions },
    (_, at) => Number(Bun.hash.crc32(`${at} ${text}`) % 2048) / 1024 - 1,
  );
}

function encoded(vector: readonly number[], isBase64: boolean): readonly number[] | string {
  if (!isBase64) return vector;
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, number] of vector.entries()) bytes.writeFloatLE(number, at * 4);
  return bytes.toString('base64');
}

function send(exchange: Exchange, request: EmbeddingsRequest, behaviour: Behaviour): void {
  const { inputs, isBase64, dimensions, model } = request;
  const promptTokens = inputs.reduce(
    (sum, input) => sum + (typeof input === 'string' ? textTokensOf(input) : input.length),
    0,
  );
  exchange.record.usage = { ...NO_USAGE, promptTokens };
  const data = Array.from({ length: behaviour.vectorCount ?? inputs.length }, (_, index) => ({
    object: 'embedding',
    index,
    embedding: encoded(vectorOf(inputs[index] ?? '', dimensions), isBase64),
  }));
  if (behaviour.reversed === true) data.reverse();
  const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
  const body = {
    object: 'list',
    data,
    model,
    ...(behaviour.usage === null ? {} : { usage: mergeJson(usage, behaviour.usage ?? {}) }),
  };
  exchange.sendWhole(Buffer.from(JSON.stringify(body)));
}

export function answerEmbeddings(connection: Connection, record: RequestRecord, tools: AnswerTools): void {
  answer(connection, record, tools, readRequest(record.body), send);
}
