/** The Playground, which brings what takes Markdown and streams apart. */
// biome-ignore lint/performance/noBarrelFile: one file on purpose, as one chunk
export { PlaygroundPage } from '../../features/playground/playground-page.tsx';
