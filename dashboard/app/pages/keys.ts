/** The pages about keys, loaded together. */
// biome-ignore lint/performance/noBarrelFile: one file on purpose, as one chunk
export { KeyPage } from '../../features/keys/key-page.tsx';
export { KeysPage } from '../../features/keys/keys-page.tsx';
