/** More tokens than any model takes; a larger count is an error of the provider's, not a number to bill. */
const MAX_TOKENS = 1_000_000_000;

/** A count as vendors report it: a number, or its digits in a text. Null: it cannot be one (negative, fractional, absurd). */
export function tokenCount(value: unknown): number | null {
  const count = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= MAX_TOKENS
    ? count
    : null;
}
