/** The pages on which somebody lets an app or a device have a key, loaded together. */
// biome-ignore lint/performance/noBarrelFile: one file on purpose, as one chunk
export { ConsentPage } from '../../features/consent/consent-page.tsx';
export { DevicePage } from '../../features/consent/device-page.tsx';
export { ShownCodePage } from '../../features/consent/shown-code-page.tsx';
