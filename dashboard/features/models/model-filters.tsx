/** What narrows the list of models. Each is a control of its own name, so that a screen reader finds it. */
import { Checkbox } from '../../shared/components/choice.tsx';
import { Field, TextField } from '../../shared/components/field.tsx';
import { Select } from '../../shared/components/select.tsx';
import { authorOf, formatTokens, type Model } from './model.ts';
import { type ModelsSearch, type Sort, sortOf } from './models-search.ts';

type Change = (changes: Partial<Record<keyof ModelsSearch, string | undefined>>) => void;

const SORT_LABELS: Readonly<Record<Sort, string>> = {
  newest: 'Newest first',
  name: 'By name',
  price: 'Cheapest first',
  context: 'Longest context first',
};

const CONTEXTS = [32_000, 128_000, 200_000, 1_000_000];

const WORDS: Readonly<Record<string, string>> = {
  image: 'Images',
  audio: 'Audio',
  file: 'Files',
  video: 'Video',
  text: 'Text',
  embeddings: 'Embeddings',
};

export function ModelFilters({
  models,
  search,
  onChange,
}: {
  models: readonly Model[];
  search: ModelsSearch;
  onChange: Change;
}) {
  const kinds = (of: 'input_modalities' | 'output_modalities') =>
    [...new Set(models.flatMap(({ architecture }) => architecture[of]))].sort();
  const authors = [...new Set(models.map(authorOf))].sort();
  return (
    <div className="grid grid-cols-2 items-end gap-3 md:grid-cols-4 xl:grid-cols-7">
      <TextField
        label="Search"
        type="search"
        className="col-span-2"
        placeholder="Name or id"
        value={search.q ?? ''}
        onChange={(event) => onChange({ q: event.target.value || undefined })}
      />
      <OneOf
        label="Author"
        value={search.author}
        all="All"
        options={authors.map((author) => ({ value: author, label: author }))}
        onChange={(author) => onChange({ author })}
      />
      <OneOf
        label="Takes"
        value={search.input}
        all="Anything"
        options={kinds('input_modalities').map((kind) => ({ value: kind, label: WORDS[kind] ?? kind }))}
        onChange={(input) => onChange({ input })}
      />
      <OneOf
        label="Gives"
        value={search.output}
        all="Anything"
        options={kinds('output_modalities').map((kind) => ({ value: kind, label: WORDS[kind] ?? kind }))}
        onChange={(output) => onChange({ output })}
      />
      <OneOf
        label="Context"
        value={search.context}
        all="Any length"
        options={CONTEXTS.map((tokens) => ({
          value: String(tokens),
          label: `${formatTokens(tokens)} and more`,
        }))}
        onChange={(context) => onChange({ context })}
      />
      <OneOf
        label="Order"
        value={sortOf(search) === 'newest' ? undefined : sortOf(search)}
        all={SORT_LABELS.newest}
        options={(['name', 'price', 'context'] as const).map((sort) => ({
          value: sort,
          label: SORT_LABELS[sort],
        }))}
        onChange={(sort) => onChange({ sort })}
      />
      <div className="col-span-2 flex flex-wrap gap-x-6 md:col-span-4 xl:col-span-7">
        <Checkbox
          label="Takes tools"
          checked={search.tools !== undefined}
          onChange={(isOn) => onChange({ tools: isOn ? '1' : undefined })}
        />
        <Checkbox
          label="Free"
          checked={search.free !== undefined}
          onChange={(isOn) => onChange({ free: isOn ? '1' : undefined })}
        />
      </div>
    </div>
  );
}

function OneOf({
  label,
  value,
  all,
  options,
  onChange,
}: {
  label: string;
  value: string | undefined;
  /** The words for no narrowing. */
  all: string;
  options: readonly { readonly value: string; readonly label: string }[];
  onChange: (value: string | undefined) => void;
}) {
  return (
    <Field label={label}>
      {(control) => (
        <Select
          {...control}
          value={value ?? ''}
          options={[{ value: '', label: all }, ...options]}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      )}
    </Field>
  );
}
