/** How a request ended, as a word with a colour. */
import type { PageGeneration } from '../../../src/metering/answers.ts';
import { Badge } from '../components/badge.tsx';
import { endingOf } from './generation.ts';

export function EndingBadge({ generation }: { generation: PageGeneration }) {
  const { word, tone } = endingOf(generation);
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Badge tone={tone}>{word}</Badge>
      {generation.is_estimated && <Badge tone="warning">Estimated</Badge>}
    </span>
  );
}
