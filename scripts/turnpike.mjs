#!/usr/bin/env node
/** The command `turnpike`: starts the program under Bun, in the caller's directory and with the caller's arguments. */
import { fileURLToPath } from 'node:url';
import { NO_ORPHANS, runBun } from './bun.mjs';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const { code } = await runBun([NO_ORPHANS, main, ...process.argv.slice(2)], { dev: false });
process.exit(code);
