/** The pages about models, loaded together. */
// biome-ignore lint/performance/noBarrelFile: one file on purpose, as one chunk
export { ModelPage } from '../../features/models/model-page.tsx';
export { ModelsPage } from '../../features/models/models-page.tsx';
