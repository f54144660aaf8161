/** Which models are asked, by which key, and how. */
import { Button } from '../../shared/components/button.tsx';
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { CloseIcon } from '../../shared/components/icons.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { TextAreaField } from '../../shared/components/text-area.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import type { ChatModel } from './api/list-models.ts';
import type { OwnKey } from './api/list-own-keys.ts';
import { toolsOf } from './conversation.ts';
import { EFFORTS, MAX_MODELS, type PlaygroundSearch, SORTS } from './settings.ts';

export type ChangeSearch = (changes: Readonly<Record<string, string | undefined>>) => void;

export function ModelsAndKey({
  search,
  models,
  keys,
  keyHash,
  onChange,
}: {
  search: PlaygroundSearch;
  models: readonly ChatModel[];
  keys: readonly OwnKey[];
  keyHash: string;
  onChange: ChangeSearch;
}) {
  const chosen = search.models;
  const setModels = (next: readonly string[]) =>
    onChange({ models: next.length === 0 ? undefined : next.join(','), model: undefined });
  const others = models.filter(({ id }) => !chosen.includes(id));
  return (
    <div className="grid grid-cols-1 gap-3">
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-2">
        <SelectField
          label="Add a model"
          value=""
          disabled={chosen.length >= MAX_MODELS}
          options={[
            {
              value: '',
              label: chosen.length >= MAX_MODELS ? `${MAX_MODELS} at most` : 'Choose a model',
            },
            ...others.map(({ id }) => ({ value: id, label: id })),
          ]}
          onChange={(event) => setModels([...chosen, event.target.value].filter((id) => id !== ''))}
        />
        <SelectField
          label="Paid by"
          value={keyHash}
          options={keys.map((key) => ({ value: key.hash, label: plainName(key.name) || key.label }))}
          onChange={(event) => onChange({ key: event.target.value })}
        />
      </div>
      {chosen.length > 0 && (
        <ul aria-label="Models" className="flex flex-wrap gap-2">
          {chosen.map((id) => (
            <li key={id}>
              <button
                type="button"
                className="control-height flex items-center gap-2 rounded-md border border-border bg-surface px-2.5 font-mono text-xs hover:bg-raised"
                aria-label={`Remove ${id}`}
                onClick={() => setModels(chosen.filter((other) => other !== id))}
              >
                <Untrusted>{id}</Untrusted>
                <CloseIcon />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Folded away: most people ask first and turn knobs later. */
export function Parameters({
  search,
  system,
  tools,
  onChange,
  onSystem,
  onTools,
}: {
  search: PlaygroundSearch;
  system: string;
  tools: string;
  onChange: ChangeSearch;
  onSystem: (text: string) => void;
  onTools: (text: string) => void;
}) {
  const number = (name: string, label: string, value: number | null, hint: string) => (
    <TextField
      label={label}
      inputMode="decimal"
      autoComplete="off"
      defaultValue={value ?? ''}
      hint={hint}
      onChange={(event) => onChange({ [name]: event.target.value || undefined })}
    />
  );
  return (
    <div className="grid grid-cols-1 gap-4 pt-2">
      <TextAreaField
        label="System prompt"
        rows={3}
        value={system}
        onChange={(event) => onSystem(event.target.value)}
      />
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {number('temperature', 'Temperature', search.temperature, 'From 0 to 2; the model’s own if empty.')}
        {number('top_p', 'Top P', search.topP, 'From 0 to 1.')}
        {number('max_tokens', 'Longest answer', search.maxTokens, 'Tokens.')}
        <SelectField
          label="Reasoning effort"
          value={search.effort}
          options={EFFORTS.map((value) => ({ value, label: value === '' ? 'The model’s own' : value }))}
          onChange={(event) => onChange({ effort: event.target.value || undefined })}
        />
        <TextField
          label="Providers in order"
          autoComplete="off"
          placeholder="anthropic, bedrock"
          defaultValue={search.order.join(', ')}
          onChange={(event) => onChange({ order: event.target.value || undefined })}
        />
        <SelectField
          label="Providers by"
          value={search.sort}
          options={SORTS.map((value) => ({ value, label: value === '' ? 'The gateway’s own order' : value }))}
          onChange={(event) => onChange({ sort: event.target.value || undefined })}
        />
      </div>
      <Checkbox
        label="Try other providers when one fails"
        checked={search.fallbacks}
        onChange={(isOn) => onChange({ fallbacks: isOn ? undefined : '0' })}
      />
      <TextAreaField
        label="Tools"
        rows={3}
        isCode
        placeholder='[{"type": "function", "function": {"name": "weather", "parameters": {}}}]'
        hint="JSON, as in a request. Calls are shown; what they give is yours to say."
        error={toolsOf(tools) === null ? 'This is no JSON list' : undefined}
        value={tools}
        onChange={(event) => onTools(event.target.value)}
      />
    </div>
  );
}

export function NewConversation({ onClear }: { onClear: () => void }) {
  return (
    <Button variant="secondary" onClick={onClear}>
      New conversation
    </Button>
  );
}
