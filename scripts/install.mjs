/** Makes `npm start` and `npm test` work on a fresh clone: installs what is missing, and only then. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from './child.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** What stands in for Bun until its install script has run is a text of a few hundred bytes. */
const SMALLEST_BINARY_BYTES = 1_000_000;

/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lock
 */

/**
 * Returns the path of Bun's binary, after installing whatever the lock file asks for and node_modules lacks.
 *
 * @param {{ dev: boolean }} options whether development dependencies are needed too
 */
export async function ensureInstalled({ dev }) {
  const ready = findBun();
  const installed = installedLock();
  if (ready !== undefined && missingPackages(readLock('package-lock.json'), installed, dev).length === 0) {
    return ready;
  }

  console.error('turnpike: installing dependencies with npm ci, which takes a minute or more');
  // Started by npm, we use that same npm; its output would drown ours, its errors must not.
  const npmCli = process.env['npm_execpath'];
  const flags = ['ci', '--loglevel=error', '--no-audit', '--no-fund', whichPackages(installed, dev)];
  const [command, args] = npmCli?.endsWith('npm-cli.js')
    ? [process.execPath, [npmCli, ...flags]]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', flags];
  const { code } = await runChild(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (code !== 0) process.exit(code);

  const bun = findBun();
  if (bun === undefined) {
    console.error(
      `turnpike: npm has no Bun for ${process.platform} ${process.arch}; see https://bun.com/docs/installation`,
    );
    process.exit(1);
  }
  return bun;
}

/**
 * Names what npm must still install. Comparing with npm's own record of what it put in place, rather than keeping a
 * mark of our own, also notices `npm install something` and an image built with `npm ci --omit=dev`. npm writes that
 * record last, so an interrupted installation has none.
 *
 * @param {Lock} lock
 * @param {Lock} installed
 * @param {boolean} withDev
 */
export function missingPackages(lock, installed, withDev) {
  return Object.keys(lock.packages).filter((path) => {
    const wanted = lock.packages[path];
    if (path === '' || wanted === undefined) return false;
    const present = installed.packages[path];
    if (present !== undefined) return present.version !== wanted.version;
    if (wanted.optional === true) return false;
    return withDev || !(wanted.dev === true || wanted.devOptional === true);
  });
}

/**
 * Whoever only runs the gateway waits for a fifth of the bytes: the browser, the databases and the vendors' clients of the tests are left
 * out, until the tests are run. Where they were installed once they stay, or each command would take away what another one needs.
 *
 * @param {Lock} installed
 * @param {boolean} withDev
 */
export function whichPackages(installed, withDev) {
  const hasDev = Object.values(installed.packages).some(({ dev }) => dev === true);
  return withDev || hasDev ? '--include=dev' : '--omit=dev';
}

/**
 * Finds the binary that npm installed for this machine. It is in the package `bun` when npm ran the install script, and
 * still in the package of its platform when scripts are blocked. A node_modules copied from another kind of machine has
 * no package for ours.
 *
 * @param {string} modules
 */
export function findBun(modules = join(root, 'node_modules')) {
  const system =
    process.platform === 'win32' ? 'windows' : process.platform === 'android' ? 'linux' : process.platform;
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  const scope = join(modules, '@oven');
  const platforms = existsSync(scope)
    ? readdirSync(scope).filter((name) => `${name}-`.startsWith(`bun-${system}-${arch}-`))
    : [];
  if (platforms.length === 0) return undefined;

  // Older npm installs the glibc and the musl build side by side.
  if (platforms.length > 1) platforms.sort((a, b) => Number(fitsLibc(b)) - Number(fitsLibc(a)));
  const candidates = [
    join(modules, 'bun', 'bin', 'bun.exe'),
    ...platforms.map((name) => join(scope, name, 'bin', process.platform === 'win32' ? 'bun.exe' : 'bun')),
  ];
  return candidates.find((path) => existsSync(path) && statSync(path).size > SMALLEST_BINARY_BYTES);
}

/** @param {string} platform */
function fitsLibc(platform) {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return platform.endsWith('-musl') === (report.header.glibcVersionRuntime === undefined);
}

/** @returns {Lock} */
function installedLock() {
  const path = join('node_modules', '.package-lock.json');
  return existsSync(join(root, path)) ? readLock(path) : { packages: {} };
}

/**
 * @param {string} path
 * @returns {Lock}
 */
function readLock(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}
