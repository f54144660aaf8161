/** What every part of the file's schema is made of. */
import { z } from 'zod';
import { suggestion } from './nearest.ts';

/** An object that names every key it does not know, one line each. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys
            .map((key) => `unknown key ${JSON.stringify(key)}${suggestion(key, known) || '; remove it'}`)
            .join('\n')
        : undefined,
  });
}

/** A header's value: a stray line end or space from a copied key would fail much later, and less clearly. */
export function isHeaderSafe(secret: string): boolean {
  return /^[\x21-\x7e]+$/.test(secret);
}
