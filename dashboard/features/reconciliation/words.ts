/** How the page calls what bills and the ledger are compared in, and why they differ. */

const AMOUNTS: Readonly<Record<string, string>> = {
  requests: 'Requests',
  prompt: 'Input, all of it',
  input: 'Input',
  cached_read: 'Read from cache',
  cache_write: 'Written to cache',
  cache_write_5m: 'Written for 5 minutes',
  cache_write_1h: 'Written for an hour',
  output: 'Output',
  reasoning: 'Reasoning',
  cost: 'Cost',
};

const KINDS: Readonly<Record<string, string>> = {
  own_keys: 'Own keys',
  insured: 'Not charged',
  failed_requests: 'Failed requests',
  failed_attempts: 'Failed attempts',
  day_boundary: 'Over midnight',
  cancelled: 'Left early',
  estimated: 'Estimated',
  cache_split: 'Cache counted otherwise',
  price_change: 'Price changed',
  not_in_ledger: 'Not through this gateway',
  not_on_bill: 'Not on the bill',
  unknown_model: 'Unknown model',
  other_charge: 'Other charge',
  tokens: 'Tokens differ',
  requests: 'Requests differ',
  price: 'Price differs',
};

export const amountName = (name: string): string => AMOUNTS[name] ?? name;
export const kindName = (kind: string): string => KINDS[kind] ?? kind;

/** Exact: of a cost every digit that it has, of a count its thousands. */
export function amountText(name: string, amount: string, isDifference = false): string {
  const sign = isDifference && !amount.startsWith('-') && amount !== '0' ? '+' : '';
  if (name !== 'cost') return sign + BigInt(amount).toLocaleString().replace('-', '−');
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.');
  const minus = amount.startsWith('-') ? '−' : sign;
  return `${minus}$${BigInt(whole).toLocaleString()}.${fraction.padEnd(2, '0')}`;
}
