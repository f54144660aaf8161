#!/usr/bin/env node
/** The command `turnpike`: starts the program under Bun, in the caller's directory and with the caller's arguments. */
import { NO_ORPHANS, startBun } from './bun.mjs';
import { ensureInstalled } from './install.mjs';
import { programPath } from './program.mjs';

const bun = await ensureInstalled({ dev: false });
const { code } = await startBun(bun, [NO_ORPHANS, await programPath(bun), ...process.argv.slice(2)], {
  dev: false,
});
process.exit(code);
