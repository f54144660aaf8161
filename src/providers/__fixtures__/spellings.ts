import { SECRET } from './upstream.ts';

const half = Math.floor(SECRET.length / 2);
const reversed = [...SECRET].reverse().join('');
const percent = [...Buffer.from(SECRET)].map((byte) => `%${byte.toString(16)}`).join('');
const unicode = [...SECRET].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const swapped = [...SECRET].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');

/** Spellings in which providers and proxies repeat a key, or could. */
export const SPELLINGS: Readonly<Record<string, string>> = {
  whole: SECRET,
  'upper case': SECRET.toUpperCase(),
  'reversed case': swapped,
  backwards: reversed,
  'percent-encoded': percent,
  'twice percent-encoded': percent.replaceAll('%', '%25'),
  'JSON escapes': unicode,
  'hex escapes': [...SECRET].map((c) => `\\x${c.charCodeAt(0).toString(16)}`).join(''),
  'HTML entities': [...SECRET].map((c) => `&#${c.charCodeAt(0)};`).join(''),
  base64: Buffer.from(SECRET).toString('base64'),
  base64url: Buffer.from(SECRET).toString('base64url'),
  'base64 of a header': Buffer.from(`Bearer ${SECRET}`).toString('base64'),
  'base64 of a header, shifted': Buffer.from(`x: ${SECRET}`).toString('base64'),
  'base64 over two lines': Buffer.from(SECRET).toString('base64').replace(/.{20}/, '$&\n'),
  hex: Buffer.from(SECRET).toString('hex'),
  'hex with colons': Buffer.from(SECRET)
    .toString('hex')
    .replace(/..(?=.)/g, '$&:'),
  'in halves': `${SECRET.slice(0, half)} and ${SECRET.slice(half)}`,
  'in pieces of four': SECRET.replace(/.{4}/g, '$& '),
  quoted: `\\"${SECRET}\\"`,
  'masked with stars': `${SECRET.slice(0, 8)}${'*'.repeat(20)}${SECRET.slice(-4)}`,
  'masked with dots': `${SECRET.slice(0, 3)}...${SECRET.slice(-4)}`,
  'masked with an ellipsis': `${SECRET.slice(0, 3)}…${SECRET.slice(-4)}`,
  'masked with bullets': `••••••••${SECRET.slice(-4)}`,
  'masked with x': `${SECRET.slice(0, 5)}xxxxxxxx${SECRET.slice(-4)}`,
  'its last four': SECRET.slice(-4),
};
