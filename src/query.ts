/** A member of a query: the one place that says what a repeated one means. */
import { invalidRequest } from './errors.ts';

/** Null: it is not given. Throws a 400 where it is given twice, for nobody can say which was meant. */
export function single(query: URLSearchParams, name: string): string | null {
  const [value = null, ...more] = query.getAll(name);
  if (more.length > 0) throw invalidRequest(`${name}: is given more than once`);
  return value;
}
