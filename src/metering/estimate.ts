/** Token counts for answers whose provider reported none: roughly four UTF-8 bytes a token, always marked as estimated. */
import type { BillableUsage } from '../pricing/cost.ts';
import type { TokenUsage } from '../providers/provider.ts';

const BYTES_PER_TOKEN = 4;

export function estimatedUsage(
  promptBytes: number,
  completionBytes: number,
  imageCount: number,
): BillableUsage {
  return {
    promptTokens: Math.ceil(promptBytes / BYTES_PER_TOKEN),
    completionTokens: Math.ceil(completionBytes / BYTES_PER_TOKEN),
    reasoningTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    audioTokens: 0,
    audioOutputTokens: 0,
    imageOutputTokens: 0,
    imageCount,
  };
}

export function reportedUsage(usage: TokenUsage, imageCount: number): BillableUsage {
  return { ...usage, imageCount };
}

/** UTF-8 bytes of what a model wrote: its text, its reasoning, and the arguments of its tool calls. */
export function writtenBytes(message: Readonly<Record<string, unknown>>): number {
  let bytes = lengthOf(message['content']) + lengthOf(message['reasoning']);
  const calls = message['tool_calls'];
  if (Array.isArray(calls)) {
    for (const call of calls) bytes += lengthOf(call?.function?.name) + lengthOf(call?.function?.arguments);
  }
  return bytes;
}

function lengthOf(text: unknown): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : 0;
}
