/** What a door's client wants, how it writes that, and what it reads of the answer. */
export type Json = Record<string, unknown>;

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly args: Json;
}

/** What a client wants, in no door's words. */
export interface Intent {
  readonly model: string;
  readonly system?: string;
  readonly text: string;
  /** PNG, base64. */
  readonly image?: string;
  /** Called by the model in one turn, and answered by `results` in the same order. */
  readonly calls?: readonly Call[];
  readonly results?: readonly string[];
  readonly schema?: Json;
  /** The model is to think first. */
  readonly thinks?: boolean;
  readonly cap?: number;
  readonly stream?: boolean;
}

export interface Heard {
  readonly status: number;
  readonly id: string | null;
  readonly body: Json;
  /** All data events of a stream, in order. */
  readonly events: readonly Json[];
  readonly raw: string;
}

export interface Read {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly args: unknown }[];
  readonly finish: 'stop' | 'tool_calls' | 'length' | 'other';
  readonly usage: { readonly input: number; readonly output: number; readonly cost: number };
}

export interface DoorUnderTest {
  readonly name: string;
  path(intent: Intent): string;
  body(intent: Intent): Json;
  whole(body: Json): Read;
  streamed(events: readonly Json[]): Read;
  /** Frames that end an answer in this door's form, of those a stream had. */
  endings(heard: Heard): number;
  /** The words of an error in this door's envelope; undefined where it is not one. */
  error(body: Json): unknown;
}

export const WEATHER = {
  type: 'object',
  properties: { location: { type: 'string' } },
  required: ['location'],
};
export const TOOL = 'weather';
export const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
export const object = (value: unknown): Json => (value ?? {}) as Json;
export const parsed = (text: unknown): unknown =>
  text === '' || text === undefined ? {} : JSON.parse(String(text));
export const num = (value: unknown): number => Number(value ?? Number.NaN);
export const dataUrl = (image: string) => `data:image/png;base64,${image}`;
export const isWithTools = (intent: Intent) => intent.calls !== undefined;

export function finishOf(word: unknown, names: Readonly<Record<string, Read['finish']>>): Read['finish'] {
  return names[String(word)] ?? 'other';
}

export function usageOf(usage: unknown, input: string, output: string): Read['usage'] {
  const counts = object(usage);
  return { input: num(counts[input]), output: num(counts[output]), cost: num(counts['cost']) };
}
