/**
 * Tool calls as clients need them: numbered 0, 1, 2, … in the order in which they begin, the first fragment of each with an id, a
 * type and a name. Vendors number them all 0, start at 1, leave numbers or ids out, or repeat them on each fragment.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';

interface Call {
  readonly index: number;
  /** Its own until the vendor gives one, which counts while nothing was told. */
  id: string;
  /** The vendor's own number, and its own id; empty: it gave none so far. */
  readonly sourceIndex: number | null;
  sourceId: string;
  name: string;
  /** So far; read only to tell where one call without an id ends and the next begins. */
  arguments: string;
  /** Its first fragment is told of once its name is known. */
  isTold: boolean;
  /** Members of the vendor's that came before the name did. */
  held: JsonObject;
}

/** Arguments beyond this are passed on and not kept; where no id tells calls apart, such a call is taken to go on. */
const MAX_KEPT_CHARACTERS = 1024 * 1024;

/** The calls of one choice in a stream. */
export class StreamedCalls {
  readonly #calls: Call[] = [];

  get count(): number {
    return this.#calls.length;
  }

  /** One fragment in its canonical form; null: nothing to tell yet. */
  fragment(value: unknown): JsonObject | null {
    if (!isJsonObject(value)) return null;
    const given = functionOf(value);
    const name = typeof given['name'] === 'string' ? given['name'] : '';
    const text = argumentsText(given['arguments']);
    const call = this.#callOf(value, name, text);
    const isNewName = name !== '' && name !== call.name;
    call.name += isNewName ? name : '';
    if (call.arguments.length < MAX_KEPT_CHARACTERS) call.arguments += text ?? '';
    // Another kind of call (`custom`) has its name in a member of its own.
    const isFunction = value['type'] === undefined || value['type'] === null || value['type'] === 'function';
    if (!call.isTold) {
      if (call.name === '' && isFunction) {
        Object.assign(call.held, rest(value));
        return null;
      }
      return tell(call, value, given);
    }
    const fn = rest(given, FUNCTION_MEMBERS);
    if (isNewName) fn['name'] = name;
    if (text !== null) fn['arguments'] = text;
    return { index: call.index, ...rest(value), function: fn };
  }

  /** Calls that never got a name, told of at the end: a client shall see that there was one. */
  unnamed(): JsonObject[] {
    return this.#calls.filter((call) => !call.isTold).map((call) => tell(call, {}, {}));
  }

  #callOf(value: JsonObject, name: string, text: string | null): Call {
    const sourceIndex = typeof value['index'] === 'number' ? value['index'] : null;
    const sourceId = typeof value['id'] === 'string' ? value['id'] : '';
    const known = this.#known(sourceIndex, sourceId, name, text);
    const isTaken = sourceId === '' || this.#calls.some(({ id }) => id === sourceId);
    if (known !== undefined) {
      if (known.sourceId !== '') return known;
      known.sourceId = sourceId;
      if (!known.isTold && !isTaken) known.id = sourceId;
      return known;
    }
    const call: Call = {
      index: this.#calls.length,
      id: isTaken ? newCallId() : sourceId,
      sourceIndex,
      sourceId,
      name: '',
      arguments: '',
      isTold: false,
      held: {},
    };
    this.#calls.push(call);
    return call;
  }

  /** The call that a fragment goes on with; undefined: it begins one. */
  #known(sourceIndex: number | null, sourceId: string, name: string, text: string | null): Call | undefined {
    if (sourceId !== '') {
      const same = this.#calls.findLast(
        (call) =>
          call.sourceId === sourceId &&
          (sourceIndex === null || call.sourceIndex === null || call.sourceIndex === sourceIndex),
      );
      if (same !== undefined) return same;
      const last = this.#last(sourceIndex);
      // A fresh id on a fragment without a name is a vendor that makes one up for each fragment.
      return name === '' || (last !== undefined && isLateId(last, name)) ? last : undefined;
    }
    const last = this.#last(sourceIndex);
    if (last === undefined || name === '' || last.name === '') return last;
    // Some repeat the name on each fragment, the last of them empty: only what has arguments of its own begins another call.
    const isRepeated = name === last.name && (text ?? '') === '';
    return !isRepeated && isWholeJson(last.arguments) ? undefined : last;
  }

  #last(sourceIndex: number | null): Call | undefined {
    return sourceIndex === null
      ? this.#calls.at(-1)
      : this.#calls.findLast((call) => call.sourceIndex === sourceIndex);
  }
}

/** Whether an id that comes with this name can be that of a call which began without one. */
function isLateId(call: Call, name: string): boolean {
  if (call.sourceId !== '') return false;
  return call.name === '' || (call.name === name && !isWholeJson(call.arguments));
}

function tell(call: Call, value: JsonObject, given: JsonObject): JsonObject {
  call.isTold = true;
  const type = typeof value['type'] === 'string' && value['type'] !== '' ? value['type'] : 'function';
  return {
    index: call.index,
    id: call.id,
    type,
    ...call.held,
    ...rest(value),
    function: { ...rest(given, FUNCTION_MEMBERS), name: call.name, arguments: call.arguments },
  };
}

/** The calls of a whole answer: each with an id of its own, and its arguments as text. */
export function wholeCalls(values: readonly unknown[]): JsonObject[] {
  const ids = new Set<unknown>();
  return values.filter(isJsonObject).map((value) => {
    const isBare = !isJsonObject(value['function']) && typeof value['name'] !== 'string';
    const given = functionOf(value);
    const type = typeof value['type'] === 'string' && value['type'] !== '' ? value['type'] : 'function';
    const isUsable = typeof value['id'] === 'string' && value['id'] !== '' && !ids.has(value['id']);
    const id = isUsable ? value['id'] : newCallId();
    ids.add(id);
    if (isBare && type !== 'function') return { id, type, ...rest(value) };
    return {
      id,
      type,
      ...rest(value),
      function: {
        ...rest(given, FUNCTION_MEMBERS),
        name: typeof given['name'] === 'string' ? given['name'] : '',
        arguments: argumentsText(given['arguments']) ?? '',
      },
    };
  });
}

/** UTF-8 bytes of the names and arguments in canonical calls. */
export function callBytes(calls: readonly JsonObject[]): number {
  let bytes = 0;
  for (const call of calls) {
    const fn = call['function'];
    if (!isJsonObject(fn)) continue;
    if (typeof fn['name'] === 'string') bytes += Buffer.byteLength(fn['name']);
    if (typeof fn['arguments'] === 'string') bytes += Buffer.byteLength(fn['arguments']);
  }
  return bytes;
}

/** Name and arguments, which some write on the call itself. */
function functionOf(value: JsonObject): JsonObject {
  if (isJsonObject(value['function'])) return value['function'];
  return { name: value['name'], arguments: value['arguments'] };
}

const CALL_MEMBERS = new Set(['index', 'id', 'type', 'function', 'name', 'arguments']);
const FUNCTION_MEMBERS = new Set(['name', 'arguments']);

/** What a vendor put beside the known members and may want back, such as a thought signature. Nulls say nothing and are refused. */
function rest(value: JsonObject, known: ReadonlySet<string> = CALL_MEMBERS): JsonObject {
  const result: JsonObject = {};
  for (const name in value) {
    const member = value[name];
    if (!known.has(name) && member !== null && name !== '__proto__') result[name] = member;
  }
  return result;
}

function argumentsText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? null : JSON.stringify(value);
}

function isWholeJson(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function newCallId(): string {
  return `call_${crypto.randomUUID().replaceAll('-', '')}`;
}
