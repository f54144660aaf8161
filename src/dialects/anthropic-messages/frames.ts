/** Frames of this dialect: each has its event's name on a line of its own, and official clients read none without it. */
import type { JsonObject } from '../../json.ts';

export function frame(event: JsonObject): string {
  return `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`;
}

export const PING_FRAME = frame({ type: 'ping' });
