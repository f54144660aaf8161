/** Marks for a provider's prompt cache, which vendors that do not know them refuse: removed wherever they can stand. */
import { isJsonObject, type JsonObject } from '../../json.ts';

const MARKS = ['cache_control', 'prompt_cache_breakpoint'];
/** Where marks stand: on the request, on messages, on their parts and the parts of tool results, and on tools. */
const HOLDERS = ['messages', 'content', 'tools', 'function'];

/** The same object where there is no mark in it. */
export function withoutCacheControl(body: JsonObject): JsonObject {
  let result = body;
  for (const name of MARKS) {
    if (!(name in result)) continue;
    result = { ...result };
    delete result[name];
  }
  for (const name of HOLDERS) {
    const held = result[name];
    const clean = Array.isArray(held)
      ? cleanList(held)
      : isJsonObject(held)
        ? withoutCacheControl(held)
        : held;
    if (clean !== held) result = { ...result, [name]: clean };
  }
  return result;
}

function cleanList(list: readonly unknown[]): readonly unknown[] {
  let clean: unknown[] | undefined;
  for (let at = 0; at < list.length; at++) {
    const item = list[at];
    if (!isJsonObject(item)) continue;
    const without = withoutCacheControl(item);
    if (without === item) continue;
    clean ??= [...list];
    clean[at] = without;
  }
  return clean ?? list;
}
