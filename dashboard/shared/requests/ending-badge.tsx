/** How a request ended, as a word with a colour. */
import { Badge } from '../components/badge.tsx';
import { endingOf, type Generation } from './generation.ts';

export function EndingBadge({ generation }: { generation: Generation }) {
  const { word, tone } = endingOf(generation);
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Badge tone={tone}>{word}</Badge>
      {generation.is_estimated && <Badge tone="warning">Estimated</Badge>}
    </span>
  );
}
