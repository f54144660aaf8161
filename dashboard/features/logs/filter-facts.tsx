/** What the content filters of a key did with a request, as names and values. */
import type { Fact } from '../../shared/components/facts.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import type { FilterOutcome, FilterReport } from '../../shared/requests/generation.ts';

type Report = Omit<FilterReport, 'answer'>;

const DONE: Readonly<Record<FilterOutcome['action'], string>> = {
  redact: 'redacted',
  flag: 'flagged, and sent on as it was',
  block: 'blocked',
};

export function filtersOf({ answer, ...ofRequest }: FilterReport): readonly Fact[] {
  if (answer === undefined) return factsOf(ofRequest, '');
  return [...factsOf(ofRequest, ' in the request'), ...factsOf(answer, ' in the answer')];
}

function factsOf({ applied, matched, skipped, failed }: Report, where: string): readonly Fact[] {
  return [
    { label: `Applied${where}`, value: applied === 1 ? '1 filter' : `${formatCount(applied)} filters` },
    {
      label: `Found${where}`,
      value: matched.length === 0 ? 'Nothing' : <Outcomes outcomes={matched} say={foundBy} />,
    },
    {
      label: `Not looked for${where}`,
      value: skipped.length === 0 ? null : <Outcomes outcomes={skipped} say={why} />,
    },
    { label: `Failed${where}`, value: failed.length === 0 ? null : <Outcomes outcomes={failed} say={why} /> },
  ];
}

function Outcomes({
  outcomes,
  say,
}: {
  outcomes: readonly FilterOutcome[];
  say: (one: FilterOutcome) => string;
}) {
  return (
    <ul className="grid gap-1">
      {outcomes.map((one) => (
        <li key={`${one.filter} ${one.action} ${say(one)}`}>
          <Untrusted>{one.filter}</Untrusted>: <Untrusted>{say(one)}</Untrusted>
        </li>
      ))}
    </ul>
  );
}

function foundBy({ action, matches, found }: FilterOutcome): string {
  const times = matches === 1 ? 'once' : `${formatCount(matches)} times`;
  return `${DONE[action]} ${times}${found === undefined ? '' : ` (${found.join(', ')})`}`;
}

const why = ({ reason }: FilterOutcome): string => reason ?? 'nobody knows why';
