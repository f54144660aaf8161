/**
 * The tool calls of one streamed choice, whatever its vendor does to their numbers: each call gets one index of its own, its id,
 * type and name with its first fragment, and its arguments in those that follow.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';

interface Call {
  readonly index: number;
  readonly upstreamIndex: number | null;
  id: string;
  /** The vendor gave one; else it is ours, and the vendor's may still come. */
  hasOwnId: boolean;
  name: string;
  /** The first fragment has gone out. */
  isTold: boolean;
  /** All arguments so far. */
  argumentsText: string;
  /** Arguments that came before the name. */
  untold: string;
  /** What else stood beside the call before its name came. */
  untoldExtra: JsonObject;
}

export class ToolCalls {
  readonly #calls: Call[] = [];

  get count(): number {
    return this.#calls.length;
  }

  /** One fragment as clients want it, or null while its call has no name yet. */
  fragment(given: unknown): JsonObject | null {
    if (!isJsonObject(given)) return null;
    const { id: givenId, index, type: _, function: called, ...extra } = given;
    const fn = isJsonObject(called) ? called : {};
    const id = typeof givenId === 'string' && givenId !== '' ? givenId : null;
    const name = typeof fn['name'] === 'string' && fn['name'] !== '' ? fn['name'] : null;
    const call = this.#callOf(id, Number.isInteger(index) ? Number(index) : null, name);
    const text = argumentsOf(fn['arguments']);
    call.argumentsText += text;
    dropNulls(extra);
    if (call.isTold) return { index: call.index, ...extra, function: { arguments: text } };
    if (name !== null) call.name = name;
    call.untold += text;
    Object.assign(call.untoldExtra, extra);
    return call.name === '' ? null : firstFragment(call, otherMembers(fn));
  }

  /** Those that never got a name, at the end of the answer. */
  rest(): JsonObject[] {
    return this.#calls.filter((call) => !call.isTold).map((call) => firstFragment(call, {}));
  }

  #callOf(id: string | null, upstreamIndex: number | null, name: string | null): Call {
    const known =
      id === null ? this.#unnamed(upstreamIndex, name) : this.#identified(id, upstreamIndex, name);
    if (known !== undefined) return known;
    const call: Call = {
      index: this.#calls.length,
      upstreamIndex,
      id: id ?? `call_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`,
      hasOwnId: id !== null,
      name: '',
      isTold: false,
      argumentsText: '',
      untold: '',
      untoldExtra: {},
    };
    this.#calls.push(call);
    return call;
  }

  /** The call with this id; or one that has waited for its id, and is the same by its number. */
  #identified(id: string, upstreamIndex: number | null, name: string | null): Call | undefined {
    const same = this.#calls.findLast((call) => call.id === id);
    // A vendor that gives every call the same id tells them apart by their numbers.
    if (same !== undefined && (upstreamIndex === same.upstreamIndex || upstreamIndex === null)) return same;
    const waiting = this.#latest(upstreamIndex);
    if (waiting === undefined || waiting.hasOwnId || (name !== null && waiting.name !== '')) return undefined;
    waiting.hasOwnId = true;
    if (!waiting.isTold) waiting.id = id;
    return waiting;
  }

  /** A fragment without an id goes on with the latest call of its number, unless it begins with a name what is whole already. */
  #unnamed(upstreamIndex: number | null, name: string | null): Call | undefined {
    const latest = this.#latest(upstreamIndex);
    if (latest === undefined || name === null || latest.name === '') return latest;
    return isWhole(latest.argumentsText) ? undefined : latest;
  }

  #latest(upstreamIndex: number | null): Call | undefined {
    if (upstreamIndex === null) return this.#calls.at(-1);
    return this.#calls.findLast((call) => call.upstreamIndex === upstreamIndex);
  }
}

function firstFragment(call: Call, members: JsonObject): JsonObject {
  call.isTold = true;
  const { index, id, name, untold, untoldExtra } = call;
  return { index, id, type: 'function', ...untoldExtra, function: { ...members, name, arguments: untold } };
}

function otherMembers({ name: _, arguments: __, ...rest }: JsonObject): JsonObject {
  dropNulls(rest);
  return rest;
}

/** Some send an object where its text belongs. */
export function argumentsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function dropNulls(members: JsonObject): void {
  for (const name in members) if (members[name] === null) delete members[name];
}

function isWhole(text: string): boolean {
  try {
    return isJsonObject(JSON.parse(text));
  } catch {
    return false;
  }
}
