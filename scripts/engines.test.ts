import { expect, test } from 'bun:test';
import { join } from 'node:path';

const root = join(import.meta.dir, '..');
const read = (name: string) => Bun.file(join(root, name));

test('every package that npm installs says that it runs on the oldest Node that we name, and our papers name the same', async () => {
  const { engines } = await read('package.json').json();
  const lock = await read('package-lock.json').json();
  expect(lock.packages[''].engines).toEqual(engines);
  const oldest = /\d+\.\d+\.\d+/.exec(engines.node)?.[0] ?? '';
  const unwilling = Object.entries<{ engines?: { node?: string } }>(lock.packages)
    .filter(
      ([, { engines: wanted }]) => wanted?.node !== undefined && !Bun.semver.satisfies(oldest, wanted.node),
    )
    .map(([path, { engines: wanted }]) => `${path} wants ${wanted?.node}`);
  expect(unwilling).toEqual([]);
  const [major, minor] = oldest.split('.');
  for (const paper of ['README.md', 'CONTRIBUTING.md'])
    expect(await read(paper).text()).toContain(`Node ${major}.${minor}`);
});
