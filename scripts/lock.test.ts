import { expect, test } from 'bun:test';
import { join } from 'node:path';

const root = join(import.meta.dir, '..');
const readJson = (name: string) => Bun.file(join(root, name)).json();

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

test('every package is one version with a checksum, and comes from a registry', async () => {
  const { dependencies, devDependencies } = await readJson('package.json');
  const wanted = Object.entries<string>({ ...dependencies, ...devDependencies });
  expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);

  const { packages } = (await readJson('package-lock.json')) as { packages: Record<string, Locked> };
  const { '': own, ...installed } = packages;
  expect(own).toMatchObject({ dependencies, devDependencies });
  expect(Object.keys(installed).length).toBeGreaterThan(100);
  const loose = Object.entries(installed).filter(
    ([, { version, integrity, resolved, link }]) =>
      link === true ||
      version === undefined ||
      !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '') ||
      // Otherwise it would name where it lies: in a repository, in an archive, on some host.
      resolved !== undefined,
  );
  expect(loose.map(([path]) => path)).toEqual([]);
});

test('no package runs a script when it is installed that is not named', async () => {
  const { allowScripts } = (await readJson('package.json')) as { allowScripts: Record<string, boolean> };
  const { packages } = (await readJson('package-lock.json')) as { packages: Record<string, Locked> };
  const running = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => nameOf(path));
  expect(running.filter((name) => !Object.hasOwn(allowScripts, name))).toEqual([]);
});
