/** Amounts of USD as people type them: `$5`, `5 USD`, `1,000.50`. */

/** The gateway counts in nano-USD, and holds no more than that of it. */
const MIN_USD = 1e-9;
const MAX_USD = 999_999_999;

/** As the gateway takes it, such as `5` or `1000.50`; what is no amount stays as it is. */
export function plainAmount(text: string): string {
  const bare = text
    .trim()
    .replace(/^(?:US)?\$\s*/i, '')
    .replace(/\s*(?:USD|\$)$/i, '')
    .trim();
  // A comma that groups thousands says nothing; one that may be a decimal point is not guessed at.
  return /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(bare) ? bare.replaceAll(',', '') : bare;
}

/** What is wrong with it, or null; nothing at all is no amount, and fine. */
export function amountProblem(text: string): string | null {
  if (text.trim() === '') return null;
  const plain = plainAmount(text);
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(plain)) return 'Enter an amount in USD, such as 25 or 0.50';
  const usd = Number(plain);
  if (usd > MAX_USD) return 'Enter at most $999,999,999';
  if (usd > 0 && usd < MIN_USD) return 'Enter at least $0.000000001, or 0 to refuse every request';
  return (plain.split('.')[1] ?? '').replace(/0+$/, '').length > 9
    ? 'Use at most 9 digits after the point'
    : null;
}

/** Null: nothing was entered. */
export const amountOf = (text: string): number | null => {
  const plain = plainAmount(text);
  return plain === '' ? null : Number(plain);
};
