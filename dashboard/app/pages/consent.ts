/** The pages on which somebody lets an app or a device have a key, loaded together. */
export { ConsentPage } from '../../features/consent/consent-page.tsx';
export { DevicePage } from '../../features/consent/device-page.tsx';
export { ShownCodePage } from '../../features/consent/shown-code-page.tsx';
