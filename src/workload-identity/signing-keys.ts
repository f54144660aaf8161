/**
 * The keys that our tokens are signed with: made when they are due, agreed between nodes through the database, sealed there. Those of
 * access tokens and those that providers are shown are two sets, so that no token of the one kind passes for one of the other.
 */
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

/** `access-tokens`: for our own gates. `providers`: for vendors that take a token of ours in the place of a key. */
export type SigningPurpose = 'access-tokens' | 'providers';

/** The official SDK reads no other than ES256 for access tokens; Microsoft Entra ID supports no other than RS256. */
const ALGORITHMS = { 'access-tokens': 'ES256', providers: 'RS256' } as const;
type Algorithm = (typeof ALGORITHMS)[SigningPurpose];

export interface Signer {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateKey: CryptoKey;
}

/** Keys are made a day ahead, so what was read a minute ago is as good as new. */
const HELD_FOR_MS = 60_000;
const FORGOTTEN_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/** Exactly these members: one more or less and the official SDK refuses the whole set. */
interface EcJwk {
  readonly alg: 'ES256';
  readonly crv: 'P-256';
  readonly kid: string;
  readonly kty: 'EC';
  readonly use: 'sig';
  readonly x: string;
  readonly y: string;
}

interface RsaJwk {
  readonly alg: 'RS256';
  readonly kid: string;
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly n: string;
  readonly e: string;
}

export type PublicJwk = EcJwk | RsaJwk;

export interface SigningKeyServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly masterKey: Uint8Array;
  /** Default: `access-tokens`. */
  readonly purpose?: SigningPurpose;
}

export class SigningKeys {
  readonly #services: SigningKeyServices;
  readonly #algorithm: Algorithm;
  /** In the one column that orders them, the turns of the keys for providers are below zero. */
  readonly #sign: 1 | -1;
  readonly #publicKeys = new Map<string, Promise<CryptoKey>>();
  #rows: readonly SigningKeyRow[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(services: SigningKeyServices) {
    this.#services = services;
    const purpose = services.purpose ?? 'access-tokens';
    this.#algorithm = ALGORITHMS[purpose];
    this.#sign = purpose === 'access-tokens' ? 1 : -1;
  }

  /** Whoever signs now. */
  async signer(): Promise<Signer> {
    const row = signingTurn(await this.#upToDate(), this.#services.clock.nowMs());
    if (row === null) throw new Error('There is no signing key');
    const privateJwk = open(this.#services.masterKey, row.sealed_private_jwk, signingKeyContext(row.kid));
    const algorithm = this.#algorithm;
    return { kid: row.kid, algorithm, privateKey: await importKey(JSON.parse(privateJwk), algorithm) };
  }

  /** The key of a token that was signed here, on this node or another; null: there is none, or not any more. */
  async findPublicKey(kid: string): Promise<CryptoKey | null> {
    // Another node may have made it a moment ago, while the reading that is under way had begun before.
    if (!this.#knows(kid)) await this.#reading;
    if (!this.#knows(kid)) await this.#read();
    const nowMs = this.#services.clock.nowMs();
    const row = this.#rows.find((candidate) => candidate.kid === kid && isPublished(candidate, nowMs));
    if (row === undefined) return null;
    const held = this.#publicKeys.get(kid) ?? importKey(JSON.parse(row.public_jwk), this.#algorithm);
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
    const { publicKey, privateKey } = await generateKeyPair(this.#algorithm, { extractable: true });
    const publicJwk = await toPublicJwk(await exportJWK(publicKey));
    const privateJwk = JSON.stringify(await exportJWK(privateKey));
    await insertSigningKey(this.#services.database.db, {
      ...turn,
      turn: this.#sign * turn.turn,
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
    const rows = await listSigningKeys(this.#services.database.db);
    this.#rows = rows
      .filter(({ turn }) => Math.sign(turn) === this.#sign)
      .map((row) => ({ ...row, turn: Math.abs(row.turn) }))
      .sort((a, b) => a.turn - b.turn);
    this.#readAtMs = readAtMs;
    for (const kid of this.#publicKeys.keys()) {
      if (!this.#knows(kid)) this.#publicKeys.delete(kid);
    }
  }
}

async function toPublicJwk(jwk: JWK): Promise<PublicJwk> {
  const { x, y, n, e } = jwk;
  const kid = await calculateJwkThumbprint(jwk);
  if (n !== undefined && e !== undefined) return { alg: 'RS256', kid, kty: 'RSA', use: 'sig', n, e };
  if (x === undefined || y === undefined) throw new Error('A key of P-256 has two coordinates');
  return { alg: 'ES256', crv: 'P-256', kid, kty: 'EC', use: 'sig', x, y };
}

async function importKey(jwk: JsonObject, algorithm: Algorithm): Promise<CryptoKey> {
  const key = await importJWK(jwk, algorithm);
  if (key instanceof Uint8Array) throw new Error(`Not a key pair's: ${textOrNull(jwk['kty'])}`);
  return key;
}
