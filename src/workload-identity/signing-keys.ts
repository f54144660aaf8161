/** The keys that access tokens are signed with: made when they are due, agreed between nodes through the database, sealed there. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Clock } from '../clock.ts';
import { type JsonObject, textOrNull } from '../json.ts';
import type { Database } from '../storage/database.ts';
import { signingKeyContext } from '../vault/contexts.ts';
import { open, seal } from '../vault/seal.ts';
import { dueTurn, isPublished, signingTurn, type Turn } from './rotation.ts';
import {
  deleteSigningKeysUntil,
  insertSigningKey,
  listSigningKeys,
  type SigningKeyRow,
} from './signing-key-store.ts';

/** The only algorithm of ours: the official SDK reads no other. */
export const SIGNING_ALGORITHM = 'ES256';

/** Keys are made a day ahead, so what was read a minute ago is as good as new. */
const HELD_FOR_MS = 60_000;
const FORGOTTEN_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/** Exactly these members: one more or less and the official SDK refuses the whole set. */
export interface PublicJwk {
  readonly alg: 'ES256';
  readonly crv: 'P-256';
  readonly kid: string;
  readonly kty: 'EC';
  readonly use: 'sig';
  readonly x: string;
  readonly y: string;
}

export interface SigningKeyServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly masterKey: Uint8Array;
}

export class SigningKeys {
  readonly #services: SigningKeyServices;
  readonly #publicKeys = new Map<string, Promise<CryptoKey>>();
  #rows: readonly SigningKeyRow[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(services: SigningKeyServices) {
    this.#services = services;
  }

  /** Whoever signs now. */
  async signer(): Promise<{ kid: string; privateKey: CryptoKey }> {
    const row = signingTurn(await this.#upToDate(), this.#services.clock.nowMs());
    if (row === null) throw new Error('There is no signing key');
    const privateJwk = open(this.#services.masterKey, row.sealed_private_jwk, signingKeyContext(row.kid));
    return { kid: row.kid, privateKey: await importKey(JSON.parse(privateJwk)) };
  }

  /** The key of a token that was signed here, on this node or another; null: there is none, or not any more. */
  async findPublicKey(kid: string): Promise<CryptoKey | null> {
    // Another node may have made it a moment ago, while the reading that is under way had begun before.
    if (!this.#knows(kid)) await this.#reading;
    if (!this.#knows(kid)) await this.#read();
    const nowMs = this.#services.clock.nowMs();
    const row = this.#rows.find((candidate) => candidate.kid === kid && isPublished(candidate, nowMs));
    if (row === undefined) return null;
    const held = this.#publicKeys.get(kid) ?? importKey(JSON.parse(row.public_jwk));
    this.#publicKeys.set(kid, held);
    return await held;
  }

  async published(): Promise<PublicJwk[]> {
    const rows = await this.#upToDate();
    const nowMs = this.#services.clock.nowMs();
    return rows.filter((row) => isPublished(row, nowMs)).map((row) => JSON.parse(row.public_jwk));
  }

  /** For a job that runs now and then: makes the next key in time, though nobody may ask for one. */
  async maintain(): Promise<void> {
    // A gateway whose tokens nobody wants needs no keys.
    await this.#read();
    if (this.#rows.length === 0) return;
    await this.#upToDate();
    await deleteSigningKeysUntil(
      this.#services.database.db,
      this.#services.clock.nowMs() - FORGOTTEN_AFTER_MS,
    );
  }

  async #upToDate(): Promise<readonly SigningKeyRow[]> {
    const nowMs = this.#services.clock.nowMs();
    if (Math.abs(nowMs - this.#readAtMs) > HELD_FOR_MS) await this.#read();
    const due = dueTurn(this.#rows, nowMs);
    if (due !== null) {
      await this.#make(due, nowMs);
      await this.#read();
    }
    return this.#rows;
  }

  async #make(turn: Turn, nowMs: number): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
    const publicJwk = await toPublicJwk(await exportJWK(publicKey));
    const privateJwk = JSON.stringify(await exportJWK(privateKey));
    await insertSigningKey(this.#services.database.db, {
      ...turn,
      kid: publicJwk.kid,
      public_jwk: JSON.stringify(publicJwk),
      sealed_private_jwk: seal(this.#services.masterKey, privateJwk, signingKeyContext(publicJwk.kid)),
      created_at_ms: nowMs,
    });
  }

  #knows(kid: string): boolean {
    return this.#rows.some((row) => row.kid === kid);
  }

  /** Those who want it at the same time share one. */
  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    const readAtMs = this.#services.clock.nowMs();
    this.#rows = await listSigningKeys(this.#services.database.db);
    this.#readAtMs = readAtMs;
    for (const kid of this.#publicKeys.keys()) {
      if (!this.#knows(kid)) this.#publicKeys.delete(kid);
    }
  }
}

async function toPublicJwk(jwk: JWK): Promise<PublicJwk> {
  const { x, y } = jwk;
  if (x === undefined || y === undefined) throw new Error('A key of P-256 has two coordinates');
  const kid = await calculateJwkThumbprint(jwk);
  return { alg: SIGNING_ALGORITHM, crv: 'P-256', kid, kty: 'EC', use: 'sig', x, y };
}

async function importKey(jwk: JsonObject): Promise<CryptoKey> {
  const key = await importJWK(jwk, SIGNING_ALGORITHM);
  if (key instanceof Uint8Array) throw new Error(`Not a key pair's: ${textOrNull(jwk['kty'])}`);
  return key;
}
