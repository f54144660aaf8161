/**
 * Signs its user in with PKCE (RFC 7636) and chats with the key it is given. Everything an app needs is in this file; the
 * gateway's address is the page's `?turnpike=` parameter, or the default below.
 */

const DEFAULT_TURNPIKE = 'http://127.0.0.1:4141';
const MODEL = 'turnpike/echo';

const page = new URL(location.href);
const TURNPIKE = 'echo-chamber.turnpike';
const turnpike = new URL(
  page.searchParams.get('turnpike') ?? sessionStorage.getItem(TURNPIKE) ?? DEFAULT_TURNPIKE,
).origin;
sessionStorage.setItem(TURNPIKE, turnpike);

/** What survives the way to the sign-in page and back, in this tab alone. A key is shown only to the gateway that gave it. */
const storage = { key: `echo-chamber.key ${turnpike}`, pending: `echo-chamber.pending ${turnpike}` };

element('sign-in').addEventListener('click', () => run(signIn));
element('sign-out').addEventListener('click', () => forgetKey('You are signed out.'));
element('chat').addEventListener('submit', (event) => {
  event.preventDefault();
  return run(chat);
});
await run(finishSignIn);

/** Sends the user to Turnpike. The verifier stays here: without it, a code that somebody else sees is worth nothing. */
async function signIn() {
  const verifier = base64Url(crypto.getRandomValues(new Uint8Array(32)));
  const state = base64Url(crypto.getRandomValues(new Uint8Array(16)));
  sessionStorage.setItem(storage.pending, JSON.stringify({ verifier, state }));

  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const url = new URL('/auth', turnpike);
  url.searchParams.set('callback_url', location.origin + location.pathname);
  url.searchParams.set('code_challenge', base64Url(new Uint8Array(digest)));
  url.searchParams.set('code_challenge_method', 'S256');
  url.searchParams.set('state', state);
  url.searchParams.set('key_label', 'Echo chamber');
  url.searchParams.set('limit', '1');
  location.assign(url);
}

/** On the way back: swaps the code in the address for a key, or says why there is none. */
async function finishSignIn() {
  const { searchParams } = page;
  const code = searchParams.get('code');
  const refusal = searchParams.get('error');
  if (code === null && refusal === null) return show();

  // Neither a reload nor the history is to offer the code again.
  history.replaceState(null, '', location.pathname);
  const pending = JSON.parse(sessionStorage.getItem(storage.pending) ?? 'null');
  sessionStorage.removeItem(storage.pending);
  if (pending === null || searchParams.get('state') !== pending.state) {
    return show('That answer belongs to another sign-in. Please try again.');
  }
  if (code === null) return show('You did not allow it, so there is no key.');

  const answer = await fetch(new URL('/api/v1/auth/keys', turnpike), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, code_verifier: pending.verifier, code_challenge_method: 'S256' }),
  });
  const body = await answer.json();
  if (!answer.ok) return show(`Turnpike refused: ${body.error.message}`);
  sessionStorage.setItem(storage.key, body.key);
  await show('You are signed in.');
}

async function chat() {
  const message = element('message');
  const answer = await fetch(new URL('/api/v1/chat/completions', turnpike), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${sessionStorage.getItem(storage.key)}`,
      'content-type': 'application/json',
      'x-title': 'Echo chamber',
    },
    body: JSON.stringify({
      model: MODEL,
      messages: [{ role: 'user', content: message instanceof HTMLInputElement ? message.value : '' }],
    }),
  });
  const body = await answer.json();
  if (answer.status === 401 || (answer.status === 403 && body.error.metadata.error_code === 'key_disabled')) {
    return forgetKey('Your key was revoked. Sign in again to go on.');
  }
  if (!answer.ok) return show(`Turnpike refused: ${body.error.message}`);
  element('answer').textContent = body.choices[0].message.content;
  await show('');
}

/** @param {string} reason */
async function forgetKey(reason) {
  sessionStorage.removeItem(storage.key);
  element('answer').textContent = '';
  await show(reason);
}

/** @param {string} [status] */
async function show(status) {
  const key = sessionStorage.getItem(storage.key);
  element('signed-out').hidden = key !== null;
  element('signed-in').hidden = key === null;
  if (status !== undefined) element('status').textContent = status;
  if (key === null) return;
  // Keys are known by their SHA-256, which is no secret.
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key)));
  const hash = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  element('manage').setAttribute('href', new URL(`/keys/${hash}`, turnpike).href);
}

/** @param {() => Promise<void>} step */
async function run(step) {
  try {
    await step();
  } catch (error) {
    await show(`Turnpike cannot be reached: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {Uint8Array} bytes */
function base64Url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}
