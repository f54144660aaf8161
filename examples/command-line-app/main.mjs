#!/usr/bin/env node
/**
 * A command-line app that signs its user in with PKCE (RFC 7636) and chats with the key it is given.
 *
 *   node main.mjs [--turnpike http://127.0.0.1:4141] [--key-file path] [--paste] <message>
 *
 * The browser comes back to a port of this machine (RFC 8252); with --paste, where there is no browser, the user copies the
 * code from the page instead. The key is kept in a file that only its owner may read.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';

const LABEL = 'Echo command';
const MODEL = 'turnpike/echo';
const SIGN_IN_WITHIN_MS = 10 * 60 * 1000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    turnpike: { type: 'string', default: 'http://127.0.0.1:4141' },
    'key-file': { type: 'string', default: join(homedir(), '.echo-command-key') },
    paste: { type: 'boolean', default: false },
  },
});
const turnpike = values.turnpike;
const keyFile = values['key-file'];
const message = positionals.join(' ');

if (message === '') {
  console.error('usage: main.mjs [--turnpike URL] [--key-file path] [--paste] <message>');
  process.exit(2);
}
process.exit(await main());

async function main() {
  const key = readKey() ?? (await signIn());
  writeFileSync(keyFile, key, { mode: 0o600 });
  const { status, body } = await post('/api/v1/chat/completions', {
    authorization: `Bearer ${key}`,
    body: { model: MODEL, messages: [{ role: 'user', content: message }] },
  });
  if (status === 200) {
    console.log(body.choices[0].message.content);
    return 0;
  }
  const isRevoked = status === 401 || body.error.metadata.error_code === 'key_disabled';
  if (isRevoked) rmSync(keyFile, { force: true });
  console.error(
    isRevoked
      ? 'Your key was revoked. Run this again to sign in.'
      : `Turnpike refused: ${body.error.message}`,
  );
  return 1;
}

function readKey() {
  try {
    return readFileSync(keyFile, 'utf8');
  } catch {
    return null;
  }
}

/** The verifier never leaves this process until the exchange: a code that somebody else sees is worth nothing without it. */
async function signIn() {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const code = values.paste ? await pastedCode(challenge) : await receivedCode(challenge);
  const { status, body } = await post('/api/v1/auth/keys', {
    body: { code, code_verifier: verifier, code_challenge_method: 'S256' },
  });
  if (status !== 200) throw new Error(`Turnpike refused: ${body.error.message}`);
  return body.key;
}

/**
 * @param {string} challenge
 * @param {Record<string, string>} more
 */
function authorizationUrl(challenge, more) {
  const url = new URL('/auth', turnpike);
  const parameters = {
    code_challenge: challenge,
    code_challenge_method: 'S256',
    key_label: LABEL,
    limit: '1',
    ...more,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** @param {string} challenge */
async function pastedCode(challenge) {
  console.error(
    `Open this page, allow it, and paste the code that it shows:\n${authorizationUrl(challenge, {})}`,
  );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const code = await terminal.question('Code: ');
  terminal.close();
  return code.trim();
}

/** @param {string} challenge */
async function receivedCode(challenge) {
  const state = randomBytes(16).toString('base64url');
  /** @type {PromiseWithResolvers<string>} */
  const received = promiseWithResolvers();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const code = url.searchParams.get('code');
    // Any page may call this port; only the answer to our own question counts.
    if (url.pathname !== '/callback' || url.searchParams.get('state') !== state) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    response.end(
      code === null ? 'Nothing was allowed. You can close this page.' : 'Done. You can close this page.',
    );
    if (code === null) received.reject(new Error('You did not allow it, so there is no key.'));
    else received.resolve(code);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const timer = setTimeout(() => received.reject(new Error('Nobody signed in.')), SIGN_IN_WITHIN_MS);
  console.error(
    `Open this page to sign in:\n${authorizationUrl(challenge, { callback_url: `http://127.0.0.1:${port}/callback`, state })}`,
  );
  try {
    return await received.promise;
  } finally {
    clearTimeout(timer);
    server.close();
  }
}

/**
 * @param {string} path
 * @param {{ authorization?: string, body: object }} request
 */
async function post(path, { authorization, body }) {
  const answer = await fetch(new URL(path, turnpike), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

/** `Promise.withResolvers`, which Node has from version 22 on. */
function promiseWithResolvers() {
  /** @type {any} */
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}
