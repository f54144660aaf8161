/**
 * Calls whose arguments Google streams (`streamFunctionCallArguments`): a name, then values by their JSON path, then an end that some
 * leave out. Other dialects are told of each when it is whole.
 */
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';

/** A list is no place for more. */
const MOST_ITEMS = 10_000;

/** Of one choice. */
export class PartialCalls {
  #open: {
    readonly part: JsonObject;
    readonly name: string;
    readonly id: string | null;
    readonly args: JsonObject;
  } | null = null;

  /** The part itself, or in the place of pieces of a call the call when it is whole. */
  take(part: JsonObject): readonly JsonObject[] {
    const call = part['functionCall'];
    if (!isJsonObject(call)) return [part];
    const name = textOrNull(call['name']) || null;
    const isWhole =
      call['args'] !== undefined || (call['willContinue'] !== true && call['partialArgs'] === undefined);
    // Without a name it can only be the end of what is open.
    if (name !== null && isWhole) return [...this.flush(), part];
    const done = name === null ? [] : this.flush();
    if (name !== null) this.#open = { part, name, id: textOrNull(call['id']), args: {} };
    const pieces = Array.isArray(call['partialArgs']) ? call['partialArgs'].filter(isJsonObject) : [];
    if (this.#open !== null) for (const piece of pieces) put(this.#open.args, piece);
    return call['willContinue'] === true ? done : [...done, ...this.flush()];
  }

  /** A call that was begun, as far as it came. */
  flush(): readonly JsonObject[] {
    if (this.#open === null) return [];
    const { part, name, id, args } = this.#open;
    this.#open = null;
    return [{ ...part, functionCall: { ...(id === null ? {} : { id }), name, args } }];
  }
}

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]/g;

/** `{jsonPath: "$.town", stringValue: "Kö", willContinue: true}`: texts grow, everything else is set. */
function put(args: JsonObject, piece: JsonObject): void {
  const steps = [...String(piece['jsonPath'] ?? '').matchAll(STEP)].map(([, name, index, quoted]) =>
    index === undefined ? (name ?? quoted ?? '') : Number(index),
  );
  const last = steps.pop();
  if (
    last === undefined ||
    [...steps, last].some((step) => step === '__proto__' || Number(step) > MOST_ITEMS)
  )
    return;
  let holder: JsonObject = args;
  for (const [at, step] of steps.entries()) {
    const next = at + 1 < steps.length ? steps[at + 1] : last;
    const known = holder[step];
    const inner = typeof known === 'object' && known !== null ? known : typeof next === 'number' ? [] : {};
    holder[step] = inner;
    holder = inner as JsonObject;
  }
  holder[last] = valueIn(piece, holder[last]);
}

function valueIn(piece: JsonObject, known: unknown): unknown {
  const { stringValue } = piece;
  if (typeof stringValue === 'string') return typeof known === 'string' ? known + stringValue : stringValue;
  if (typeof piece['numberValue'] === 'number') return piece['numberValue'];
  if (typeof piece['boolValue'] === 'boolean') return piece['boolValue'];
  return null;
}
