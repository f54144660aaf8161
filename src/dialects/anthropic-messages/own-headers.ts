/** The caller's headers that belong to this dialect: they go with its body to whoever reads it. */

/** No list of names: vendor and clients add some every few weeks. */
const OWN = /^(?:anthropic-|x-claude-code-)[a-z0-9-]{1,64}$/;
const MOST_HEADERS = 40;
const MOST_CHARACTERS = 4096;

/** In lower case. Credentials have other names. */
export function ownHeaders(headers: Headers): Readonly<Record<string, string>> {
  const own: Record<string, string> = {};
  let count = 0;
  headers.forEach((value, name) => {
    if (!OWN.test(name) || value.length > MOST_CHARACTERS || count >= MOST_HEADERS) return;
    own[name] = value;
    count += 1;
  });
  // As OpenRouter's pages call it.
  const betas = headers.get('x-anthropic-beta');
  if (betas !== null && betas.length <= MOST_CHARACTERS)
    own['anthropic-beta'] = own['anthropic-beta'] === undefined ? betas : `${own['anthropic-beta']},${betas}`;
  return own;
}
