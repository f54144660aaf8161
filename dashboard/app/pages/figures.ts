/** The pages that draw figures, loaded together. */
// biome-ignore lint/performance/noBarrelFile: one file on purpose, as one chunk
export { ActivityPage } from '../../features/activity/activity-page.tsx';
export { AppsInUsePage } from '../../features/apps/apps-in-use-page.tsx';
export { OverviewPage } from '../../features/overview/overview-page.tsx';
