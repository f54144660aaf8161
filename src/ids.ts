/** Identifiers: UUIDv7 for rows, UUIDv5 for what follows from another id, `gen-…` for generations, `req-…` for requests. */

/** Time-ordered, so that an index on it grows at one end (RFC 9562). */
export function newId(): string {
  return Bun.randomUUIDv7();
}

/** Always the same for the same name (RFC 9562, version 5). `namespace`: a UUID. */
export function derivedId(namespace: string, name: string): string {
  return Bun.randomUUIDv5(name, namespace);
}

const GENERATION_ID = /^gen-\d{10,}-[0-9a-f]{20}$/;

/** `gen-<unix seconds>-<80 random bits>`: sortable by time, and too random to guess. */
export function newGenerationId(nowMs: number): string {
  return `gen-${Math.floor(nowMs / 1000)}-${randomHex()}`;
}

export function isGenerationId(text: string): boolean {
  return GENERATION_ID.test(text);
}

/** What stands before the id of every generation that began in this second or later, and behind all others: a bound for ranges of ids. */
export function generationIdsFrom(ms: number): string {
  return `gen-${Math.floor(ms / 1000)}`;
}

/** In which second a generation began, or a bound lies, by what its id says; null: it is no id of ours. */
export function generationIdMs(id: string): number | null {
  const seconds = /^gen-(\d{10,})(?:-|$)/.exec(id)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

/** What stands before every `newId` of this millisecond or later. */
export function idsFrom(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

/** When a `newId` was made; null: it is none. */
export function idMs(id: string): number | null {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null;
}

export function newRequestId(): string {
  return `req-${randomHex()}`;
}

/** 80 random bits as hex, cut from a version 4 UUID around its fixed digits: Bun pools the entropy, so no system call. */
function randomHex(): string {
  const uuid = crypto.randomUUID();
  return uuid.slice(0, 8) + uuid.slice(24);
}
