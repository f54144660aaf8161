/** A figure drawn as a bar, so that rows can be compared at a glance. The figure itself stands beside it as text. */

export type MeterTone = 'accent' | 'warning' | 'danger' | 'muted';

const TONES: Readonly<Record<MeterTone, string>> = {
  accent: 'bg-accent',
  warning: 'bg-warning-text',
  danger: 'bg-danger',
  muted: 'bg-control',
};

/** `share` of the whole, from 0 to 1; whatever is more is drawn as full. Anything above nothing shows. */
export function Meter({
  share,
  tone = 'accent',
  size = 'md',
}: {
  share: number;
  tone?: MeterTone;
  size?: 'sm' | 'md';
}) {
  const percent = Math.min(100, Math.max(0, share * 100));
  return (
    <div
      className={`w-full overflow-hidden rounded-full bg-raised ${size === 'sm' ? 'h-1' : 'h-1.5'}`}
      aria-hidden="true"
    >
      <div
        className={`h-full rounded-full ${TONES[tone]} ${percent > 0 ? 'min-w-0.5' : ''}`}
        style={{ width: `${percent}%` }}
      />
    </div>
  );
}
