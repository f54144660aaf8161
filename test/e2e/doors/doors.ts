/** The four doors of inference. */
import { chat } from './door-chat.ts';
import { gemini } from './door-gemini.ts';
import { messages } from './door-messages.ts';
import { responses } from './door-responses.ts';
import type { DoorUnderTest, Heard, Intent, Json, Read } from './intent.ts';

export const DOORS: readonly DoorUnderTest[] = [chat, messages, responses, gemini];

/** Sends it as it is: `body` may be what is no request at all. */
export async function send(url: string, key: string, body: string): Promise<Heard> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body,
  });
  const raw = await answer.text();
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const events = isStream
    ? raw
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .map((line) => JSON.parse(line.slice(6)) as Json)
    : [];
  return {
    status: answer.status,
    id: answer.headers.get('x-generation-id'),
    body: isStream ? {} : (JSON.parse(raw) as Json),
    ...{ events, raw },
  };
}

export async function ask(
  door: DoorUnderTest,
  { url, key }: { readonly url: string; readonly key: string },
  intent: Intent,
  change: (body: Json) => Json = (body) => body,
): Promise<Heard> {
  return await send(url + door.path(intent), key, JSON.stringify(change(door.body(intent))));
}

export function read(door: DoorUnderTest, heard: Heard): Read {
  return heard.events.length > 0 ? door.streamed(heard.events) : door.whole(heard.body);
}
