/** How every script starts Bun. */
import { runChild } from './child.mjs';
import { ensureInstalled } from './install.mjs';

/**
 * Without this Bun has at most 256 outgoing requests under way and lets the others wait, which for a gateway is a limit
 * on the streams it can relay. 65535 is the most that Bun 1.4 takes; a larger number makes it fall back to 256.
 */
const MAX_HTTP_REQUESTS = '65535';

/**
 * How a gateway's memory is managed, for Bun's allocator (a mimalloc of its own). What is freed is given back to the system after ten
 * seconds instead of at once, and not in single pages: else every request and every chunk meets pages that were just given away,
 * and pays for getting them again.
 */
export const GATEWAY_MEMORY = {
  MIMALLOC_PURGE_DELAY: '10000',
  MIMALLOC_PURGE_HOLES: '0',
};

/**
 * Whoever kills us outright, where no signal can be handed on, then ends Bun as well. Not for the tests and benchmarks:
 * Bun would take its own children along, even those that are there to clean up after it.
 */
export const NO_ORPHANS = '--no-orphans';

/**
 * @param {readonly string[]} args
 * @param {{ dev: boolean, cwd?: string, timeoutMs?: number | undefined, env?: Record<string, string> }} options
 */
export async function runBun(args, { dev, ...options }) {
  return startBun(await ensureInstalled({ dev }), args, { dev, ...options });
}

/**
 * The same of a Bun that is known to be there.
 *
 * @param {string} bun the path of its binary
 * @param {readonly string[]} args
 * @param {{ dev: boolean, cwd?: string, timeoutMs?: number | undefined, env?: Record<string, string> }} options `env`: beside our own
 */
export function startBun(bun, args, { dev, env: more, ...options }) {
  const memory = dev ? {} : GATEWAY_MEMORY;
  const env = { BUN_CONFIG_MAX_HTTP_REQUESTS: MAX_HTTP_REQUESTS, ...memory, ...process.env, ...more };
  return runChild(bun, args, { ...options, env });
}
