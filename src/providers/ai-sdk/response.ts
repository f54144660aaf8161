/** A whole answer of the AI SDK's as typed parts. */
import type { LanguageModelV4Content, LanguageModelV4GenerateResult } from '@ai-sdk/provider';
import type { ChatAnswer } from '../../chat/answer.ts';
import type { Part } from '../../chat/prompt.ts';
import { callExtra, pictureOf, serviceTierOf, sourceOf, thoughtFacts } from './answer-parts.ts';
import type { Addressee } from './prompt.ts';
import { mapStopReason } from './stop-reason.ts';
import { convertUsage } from './usage.ts';

/** Null: the package gave an answer that its vendor had not ended. */
export function convertResponse(result: LanguageModelV4GenerateResult, to: Addressee): ChatAnswer | null {
  const parts = result.content.flatMap((content) => partsOf(content, to));
  const hasCalls = parts.some(({ type }) => type === 'tool-call');
  const finishReason = mapStopReason(result.finishReason, hasCalls);
  if (finishReason === null) return null;
  const nativeFinishReason = result.finishReason.raw ?? result.finishReason.unified;
  return {
    form: 'typed',
    choices: [{ index: 0, parts, finishReason, nativeFinishReason, logprobs: null }],
    writtenBytes: parts.reduce((sum, part) => sum + writtenBytesOf(part), 0),
    finishReason,
    nativeFinishReason,
    usage: convertUsage(result.usage),
    upstreamId: result.response?.id ?? null,
    serviceTier: serviceTierOf(result.providerMetadata),
    systemFingerprint: null,
  };
}

function partsOf(content: LanguageModelV4Content, to: Addressee): Part[] {
  switch (content.type) {
    case 'text':
      return content.text === '' ? [] : [{ type: 'text', text: content.text }];
    case 'reasoning':
      return [{ type: 'reasoning', text: content.text, ...thoughtFacts(content.providerMetadata, to) }];
    case 'tool-call':
      // The vendor has run it: no caller is asked to.
      if (content.providerExecuted === true) return [];
      return [
        {
          type: 'tool-call',
          id: content.toolCallId,
          name: content.toolName,
          argumentsJson: content.input,
          ...callExtra(content.providerMetadata, to),
        },
      ];
    case 'file':
      return [pictureOf(content)];
    case 'source': {
      const source = sourceOf(content);
      return source === null ? [] : [source];
    }
    default:
      // What only tools of the vendor's bring along, and none is ever sent.
      return [];
  }
}

function writtenBytesOf(part: Part): number {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return Buffer.byteLength(part.text);
    case 'tool-call':
      return Buffer.byteLength(part.name) + Buffer.byteLength(part.argumentsJson);
    default:
      return 0;
  }
}
