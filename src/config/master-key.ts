/** The key that seals what is secret at rest: given by the operator, or made once and kept in the data directory. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isUsed, readDataDir } from '../installation/data-dir.ts';
import { NO_GATEWAY_HERE } from '../recovery-error.ts';
import { sqlitePath } from '../storage/database-files.ts';
import { ConfigError } from './config-error.ts';
import { errorCode } from './environment.ts';

const KEY_BYTES = 32;
const BASE64_32_BYTES = /^[A-Za-z0-9+/_-]{43}=?$/;
const HOW_TO_MAKE = 'use 32 random bytes in base64, as `openssl rand -base64 32` prints';

export interface MasterKey {
  readonly key: Uint8Array;
  /** Where it came from: the variable, or the path of the file. */
  readonly source: string;
  /** This call has made it. */
  readonly isNew: boolean;
  /** One line for the operator, or null. */
  readonly warning: string | null;
}

export interface MasterKeyOptions {
  /** `TURNPIKE_MASTER_KEY`, or null when it is unset; it wins over the file. */
  readonly value: string | null;
  readonly dataDir: string;
  /** False: a missing key is an error, for commands that only look. */
  readonly createMissing: boolean;
}

export function loadMasterKey({ value, dataDir, createMissing }: MasterKeyOptions): MasterKey {
  if (value !== null) {
    const source = 'TURNPIKE_MASTER_KEY';
    return { key: decodeMasterKey(value, source), source, isNew: false, warning: null };
  }
  const path = join(dataDir, 'master.key');
  if (existsSync(path))
    return { key: read(path), source: path, isNew: false, warning: exposureWarning(path) };
  if (isUsed(readDataDir(dataDir)) || existsSync(sqlitePath(dataDir))) throw lost(path);
  if (!createMissing) {
    throw new ConfigError([`TURNPIKE_MASTER_KEY: unset, and ${path} does not exist; ${NO_GATEWAY_HERE}`]);
  }
  const created = create(dataDir, path);
  return {
    ...{ key: read(path), source: path, isNew: created },
    warning: created
      ? `TURNPIKE_MASTER_KEY is unset: made a master key in ${path}; back it up, sealed secrets cannot be read without it`
      : null,
  };
}

/** A key that is made anew opens nothing of what the lost one sealed. */
function lost(path: string): ConfigError {
  return new ConfigError([
    `TURNPIKE_MASTER_KEY: unset, and ${path} is gone, though this data directory has been used; put the key back. If it is lost ` +
      `for good: ${HOW_TO_MAKE}, as the new ${path}, and run "turnpike recover new-master-key"`,
  ]);
}

/** Throws a ConfigError, which says nothing of the text, for what is no key. */
export function decodeMasterKey(text: string, source: string): Uint8Array {
  const key = Buffer.from(text, 'base64');
  if (!BASE64_32_BYTES.test(text) || key.length !== KEY_BYTES) {
    throw new ConfigError([`${source}: not a key of ${KEY_BYTES} bytes; ${HOW_TO_MAKE}`]);
  }
  return new Uint8Array(key);
}

function read(path: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([
      `${path}: cannot read the master key (${errorCode(error)}); check its owner and mode`,
    ]);
  }
  return decodeMasterKey(text.trim(), path);
}

function exposureWarning(path: string): string | null {
  const exposed = (statSync(path).mode & 0o077) !== 0;
  return exposed ? `${path} can be read by other users of this machine; run: chmod 600 ${path}` : null;
}

/** False: another process made the key first. The file appears whole or not at all, and survives a power cut once we return. */
function create(dataDir: string, path: string): boolean {
  const draft = `${path}.${crypto.randomUUID()}`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    try {
      writeDurably(
        draft,
        `${Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES))).toString('base64')}\n`,
      );
      // A link fails when the name is taken, which a rename does not: of two processes exactly one wins.
      linkSync(draft, path);
    } finally {
      if (existsSync(draft)) unlinkSync(draft);
    }
    syncDirectory(dataDir);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && existsSync(path)) return false;
    throw new ConfigError([
      `${path}: cannot create the master key (${errorCode(error)}); make ${dataDir} writable, or set TURNPIKE_MASTER_KEY`,
    ]);
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // An unusual umask may have taken the owner's own bits.
  chmodSync(path, 0o600);
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
