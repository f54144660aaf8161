/** Names of models with `*` for any run of characters: `anthropic/*`, `openai/gpt-5*`, `*`. Compared without regard to case. */

/** Whether any of the patterns names it. Each is one pass over the id, however many stars it has. */
export function isNamedBy(id: string, patterns: readonly string[]): boolean {
  const lower = id.toLowerCase();
  return patterns.some((pattern) => isMatch(lower, pattern.toLowerCase()));
}

function isMatch(id: string, pattern: string): boolean {
  if (!pattern.includes('*')) return id === pattern;
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop() ?? '';
  if (!id.startsWith(head) || !id.endsWith(tail) || id.length < head.length + tail.length) return false;
  let at = head.length;
  const end = id.length - tail.length;
  for (const part of rest) {
    const found = id.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
