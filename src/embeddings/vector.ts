/** A vector as its provider wrote it, checked, and written the other way only where its reader wants that. */
import type { Encoding } from './payload.ts';

const BYTES_A_FLOAT = 4;

export class Vector {
  /** Numbers, or base64 of little-endian 32-bit floats. */
  readonly #written: readonly number[] | string;
  readonly length: number;

  private constructor(written: readonly number[] | string, length: number) {
    this.#written = written;
    this.length = length;
  }

  /** Null: it is no vector, is empty, or has a number that is none as a 32-bit float. */
  static from(value: unknown): Vector | null {
    const floats = Array.isArray(value) ? floatsOfNumbers(value) : floatsOfText(value);
    if (floats === null || floats.length === 0 || !floats.every(Number.isFinite)) return null;
    return new Vector(value as readonly number[] | string, floats.length);
  }

  in(encoding: Encoding): readonly number[] | string {
    const written = this.#written;
    if (typeof written === 'string') return encoding === 'base64' ? written : [...floatsOfBase64(written)];
    return encoding === 'float' ? written : base64Of(written);
  }
}

function floatsOfNumbers(numbers: readonly unknown[]): Float32Array | null {
  for (const number of numbers) if (typeof number !== 'number') return null;
  return Float32Array.from(numbers as readonly number[]);
}

function floatsOfText(value: unknown): Float32Array | null {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value) || value.length % 4 !== 0)
    return null;
  const padding = value.endsWith('==') ? 2 : value.endsWith('=') ? 1 : 0;
  const bytes = (value.length / 4) * 3 - padding;
  return bytes % BYTES_A_FLOAT === 0 ? floatsOfBase64(value) : null;
}

function floatsOfBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  const floats = new Float32Array(bytes.byteLength / BYTES_A_FLOAT);
  for (let at = 0; at < floats.length; at++) floats[at] = bytes.readFloatLE(at * BYTES_A_FLOAT);
  return floats;
}

function base64Of(numbers: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(numbers.length * BYTES_A_FLOAT);
  for (let at = 0; at < numbers.length; at++) bytes.writeFloatLE(numbers[at] ?? 0, at * BYTES_A_FLOAT);
  return bytes.toString('base64');
}
