/** The log, loaded when it is first shown. */
// biome-ignore lint/performance/noBarrelFile: one file on purpose, as one chunk
export { LogsPage } from '../../features/logs/logs-page.tsx';
