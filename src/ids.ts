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

export function newRequestId(): string {
  return `req-${randomHex()}`;
}

/** 80 random bits as hex, cut from a version 4 UUID around its fixed digits: Bun pools the entropy, so no system call. */
function randomHex(): string {
  const uuid = crypto.randomUUID();
  return uuid.slice(0, 8) + uuid.slice(24);
}
