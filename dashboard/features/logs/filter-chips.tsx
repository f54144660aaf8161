/** What the log is narrowed by, each with a cross. */
import { CloseIcon } from '../../shared/components/icons.tsx';
import { TextButton } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { FILTERS, type FilterName, type Filters } from './logs-search.ts';

export interface Chip {
  readonly name: string;
  readonly label: string;
  readonly text: string;
}

export function chipsOf(filters: Filters, keyName: string | null): readonly Chip[] {
  return (Object.entries(filters) as [FilterName, string][]).map(([name, value]) => ({
    name,
    label: FILTERS[name],
    text: name === 'api_key_hash' ? (keyName ?? `${value.slice(0, 8)}…`) : value,
  }));
}

export function FilterChips({
  chips,
  onRemove,
  onClear,
}: {
  chips: readonly Chip[];
  onRemove: (name: string) => void;
  onClear: () => void;
}) {
  if (chips.length === 0) return null;
  return (
    <ul aria-label="Narrowed to" className="flex flex-wrap items-center gap-2">
      {chips.map(({ name, label, text }) => (
        <li
          key={name}
          className="flex max-w-full min-w-0 items-center gap-1 rounded-full border border-border bg-raised pl-3"
        >
          <span className="min-w-0 truncate">
            <span className="text-muted">{label}:</span> <Untrusted>{text}</Untrusted>
          </span>
          <button
            type="button"
            aria-label={`Remove ${label}`}
            title={`Remove ${label}`}
            onClick={() => onRemove(name)}
            className="flex size-8 shrink-0 items-center justify-center rounded-full text-muted hover:text-text"
          >
            <CloseIcon />
          </button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <TextButton onClick={onClear}>Clear all</TextButton>
        </li>
      )}
    </ul>
  );
}
