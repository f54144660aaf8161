/** What the documents have in common that providers give as keys. Nothing of what was given is repeated in an error. */
import { isWellFormedKey } from '../auth/key-secret.ts';
import { invalidField, type TurnpikeError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { isQuoted, QUOTED } from '../providers/provider-key.ts';

const MAX_KEY_CHARACTERS = 8192;

/** A key as it goes into a header. */
export function plainKey(key: string, field = ''): string {
  const at = field === '' ? '' : `${field} `;
  if (key === '') throw wrong(`${at}must not be empty`);
  mustBeBare(key, at);
  if (key.length > MAX_KEY_CHARACTERS) throw wrong(`${at}must have at most ${MAX_KEY_CHARACTERS} characters`);
  if (!/^[\x21-\x7e]+$/.test(key))
    throw wrong(`${at}must have no spaces, line breaks or other characters that a header cannot carry`);
  if (isWellFormedKey(key))
    throw wrong(`${at}is a key of this gateway; give the one that the provider has given you`);
  return key;
}

export function mustBeBare(text: string, at = ''): void {
  if (isQuoted(text)) throw wrong(`${at}${QUOTED}`);
}

/** Of a secret of sixteen characters and more its last four; of a shorter one nothing. */
export function labelOf(secret: string): string {
  if (secret.length < 16) return '...';
  const [prefix = ''] = /^[A-Za-z]{2,4}[-_]/.exec(secret) ?? [];
  return `${prefix}...${secret.slice(-4)}`;
}

export function jsonOf(text: string): JsonObject {
  let document: unknown;
  try {
    document = JSON.parse(withLinesEscaped(text));
  } catch {
    throw wrong('must be a JSON document for this provider, and is not JSON');
  }
  if (!isJsonObject(document)) throw wrong('must be a JSON object for this provider');
  return document;
}

/** A shell, or an editor, writes the `\n` of a private key out, which no JSON text may have inside of a string. */
function withLinesEscaped(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"/gs, (string) => string.replace(/\r?\n/g, '\\n'));
}

export function textIn(document: JsonObject, member: string): string {
  const value = document[member];
  if (value === undefined || value === null || value === '') throw wrong(`${member} is missing`);
  if (typeof value !== 'string') throw wrong(`${member} must be a string`);
  return value;
}

export function onlyMembers(document: JsonObject, known: readonly string[]): void {
  if (Object.keys(document).some((member) => !known.includes(member)))
    // Its name is not repeated: where members are mixed up it may be the secret.
    throw wrong(`has a member that is not known; there are ${known.join(', ')}`);
}

export function wrong(problem: string): TurnpikeError {
  return invalidField('key', problem);
}
