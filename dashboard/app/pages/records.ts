/** The pages about what is recorded of requests, beside the logs, loaded together. */
// biome-ignore lint/performance/noBarrelFile: one file on purpose, as one chunk
export { ExportsPage } from '../../features/exports/exports-page.tsx';
export { FeedbackPage } from '../../features/feedback/feedback-page.tsx';
export { ReconciliationPage } from '../../features/reconciliation/reconciliation-page.tsx';
