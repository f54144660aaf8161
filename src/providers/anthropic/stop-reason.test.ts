import { expect, test } from 'bun:test';
import { mapStopReason } from './stop-reason.ts';

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['compaction', 'stop'],
  ['a_word_to_come', 'stop'],
  [null, 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
] as const)('%s is told as %s', (word, reason) => {
  expect(mapStopReason(word, false)).toBe(reason);
  // Calls do not make an answer whole that was cut, or refused.
  expect(mapStopReason(word, true)).toBe(reason === 'stop' ? 'tool_calls' : reason);
});
