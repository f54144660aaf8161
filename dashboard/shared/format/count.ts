/** Numbers of things, and times that something took, as people read them. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const seconds = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const formatCount = (count: number): string => whole.format(count);

/** "340 ms", "2.1 s", "12 min 5 s". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${whole.format(ms)} ms`;
  if (ms < 59_950) return `${seconds.format(ms / 1000)} s`;
  const total = Math.round(ms / 1000);
  return `${whole.format(Math.floor(total / 60))} min ${total % 60} s`;
}
