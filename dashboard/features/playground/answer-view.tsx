/** One model's answer: its words, its thoughts folded away, its calls, what it cost, and what went wrong. */
import { useState } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { CopyButton } from '../../shared/components/copy-button.tsx';
import { Spinner } from '../../shared/components/spinner.tsx';
import { TextAreaField } from '../../shared/components/text-area.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount, formatDuration } from '../../shared/format/count.ts';
import { formatUsdExactly } from '../../shared/format/money.ts';
import type { Answer, ToolCall } from './answer.ts';
import { EditBox } from './edit-box.tsx';
import { Markdown } from './markdown.tsx';
import { remedyOf } from './remedy.ts';

export interface AnswerActions {
  readonly onRetry: () => void;
  readonly onChange: (change: (answer: Answer) => Answer) => void;
  readonly onSendResults: () => void;
  readonly onCode: () => void;
}

export function AnswerView({ model, answer, ...actions }: AnswerActions & { model: string; answer: Answer }) {
  const [isEditing, setEditing] = useState(false);
  const isRunning = answer.status === 'streaming';
  const isSilent = answer.text === '' && answer.reasoning === '' && answer.toolCalls.length === 0;
  return (
    <article
      aria-label={`Answer of ${model}`}
      aria-busy={isRunning}
      className="grid min-w-0 content-start gap-3 rounded-lg border border-border bg-surface p-4"
    >
      <header className="flex flex-wrap items-center gap-2">
        <h2 className="min-w-0 font-mono text-xs font-semibold">
          <Untrusted>{model}</Untrusted>
        </h2>
        {isRunning && (
          <span className="text-muted">
            <Spinner />
          </span>
        )}
        {answer.status === 'stopped' && <Badge>Stopped</Badge>}
        {answer.finishReason === 'length' && <Badge tone="warning">Cut at length</Badge>}
        {answer.finishReason === 'content_filter' && <Badge tone="warning">Filtered</Badge>}
      </header>
      {answer.reasoning !== '' && (
        <details className="min-w-0 rounded-md border border-border px-3 py-1">
          <summary className="py-2.5 text-muted">
            {isRunning && answer.text === '' ? 'Thinking …' : 'Thoughts'}
          </summary>
          <p className="max-h-80 overflow-y-auto pb-2 whitespace-pre-wrap text-muted wrap-anywhere">
            {answer.reasoning}
          </p>
        </details>
      )}
      {isEditing ? (
        <EditBox
          label={`Answer of ${model}`}
          text={answer.text}
          onSave={(text) => {
            actions.onChange((before) => ({ ...before, text }));
            setEditing(false);
          }}
          onCancel={() => setEditing(false)}
        />
      ) : (
        answer.text !== '' && <Markdown text={answer.text} />
      )}
      {isRunning && isSilent && <p className="text-muted">Waiting for the first word …</p>}
      {answer.pictures.map((url) => (
        <img key={url} src={url} alt={`Drawn by ${model}`} className="max-h-96 max-w-full rounded-md" />
      ))}
      {answer.toolCalls.length > 0 && (
        <ToolCalls calls={answer.toolCalls} isRunning={isRunning} {...actions} />
      )}
      {answer.failure !== null && <WhatWentWrong answer={answer} />}
      {!isRunning && (
        <footer className="grid gap-2">
          <Bill answer={answer} />
          <div className="-mx-2 flex flex-wrap items-center">
            <Button variant="ghost" aria-label={`Retry ${model}`} onClick={actions.onRetry}>
              Retry
            </Button>
            {answer.text !== '' && (
              <>
                <Button
                  variant="ghost"
                  aria-label={`Edit the answer of ${model}`}
                  onClick={() => setEditing(true)}
                >
                  Edit
                </Button>
                <CopyButton variant="ghost" text={answer.text} />
              </>
            )}
            <Button
              variant="ghost"
              aria-label={`View the code of this request to ${model}`}
              onClick={actions.onCode}
            >
              Code
            </Button>
          </div>
        </footer>
      )}
    </article>
  );
}

function ToolCalls({
  calls,
  isRunning,
  onChange,
  onSendResults,
}: AnswerActions & { calls: readonly ToolCall[]; isRunning: boolean }) {
  const setResult = (at: number, result: string) =>
    onChange((answer) => {
      const call = answer.toolCalls[at];
      return call === undefined
        ? answer
        : { ...answer, toolCalls: answer.toolCalls.with(at, { ...call, result }) };
    });
  return (
    <div className="grid gap-3">
      {calls.map((call, at) => (
        <section
          key={call.id || call.name}
          aria-label={`Call of ${call.name}`}
          className="grid min-w-0 gap-2 rounded-md border border-border p-3"
        >
          <p className="font-mono text-xs font-semibold">
            <Untrusted>{call.name}</Untrusted>
          </p>
          <pre className="font-mono text-xs whitespace-pre-wrap wrap-anywhere">
            {pretty(call.argumentsText)}
          </pre>
          {!isRunning && (
            <TextAreaField
              label="What it gives"
              rows={2}
              isCode
              value={call.result}
              onChange={(event) => setResult(at, event.target.value)}
            />
          )}
        </section>
      ))}
      {!isRunning && (
        <Button variant="secondary" className="justify-self-start" onClick={onSendResults}>
          Send results
        </Button>
      )}
    </div>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function WhatWentWrong({ answer }: { answer: Answer }) {
  const { failure, keyHash } = answer;
  if (failure === null) return null;
  const remedy = remedyOf(failure, keyHash);
  return (
    <Alert tone="danger" title={failure.status === 0 ? 'No answer' : `Refused (${failure.status})`}>
      <p className="wrap-anywhere">{failure.message}</p>
      {remedy !== null && (
        <p className="mt-1">
          {remedy.text} {remedy.to !== undefined && <TextLink to={remedy.to}>{remedy.link}</TextLink>}
        </p>
      )}
    </Alert>
  );
}

/** What is known of it: who answered, how much, for how much, how fast; and where it stands in the log. */
function Bill({ answer }: { answer: Answer }) {
  const { usage, provider, firstTokenMs, totalMs, generationId, keyHash } = answer;
  const seconds = totalMs === null || firstTokenMs === null ? 0 : (totalMs - firstTokenMs) / 1000;
  const facts: readonly (readonly [string, string | null])[] = [
    ['Provider', provider],
    ['Cost', usage?.cost == null ? null : formatUsdExactly(usage.cost)],
    ['Prompt', usage === null ? null : `${formatCount(usage.promptTokens)} tokens`],
    ['Answer', usage === null ? null : `${formatCount(usage.completionTokens)} tokens`],
    ['Thought', usage?.reasoningTokens ? `${formatCount(usage.reasoningTokens)} tokens` : null],
    ['Cached', usage?.cachedTokens ? `${formatCount(usage.cachedTokens)} tokens` : null],
    ['First word', firstTokenMs === null ? null : formatDuration(Math.round(firstTokenMs))],
    ['In all', totalMs === null ? null : formatDuration(Math.round(totalMs))],
    [
      'Speed',
      usage === null || seconds < 0.05 ? null : `${formatCount(usage.completionTokens / seconds)} tokens/s`,
    ],
  ];
  return (
    <dl className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted tabular-nums">
      {facts
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div key={name} className="flex gap-1">
            <dt>{name}</dt>
            <dd className="font-medium text-text">{value}</dd>
          </div>
        ))}
      {answer.status === 'stopped' && usage === null && (
        <div className="flex gap-1">
          <dt>Cost</dt>
          <dd>as far as it had come, in the log</dd>
        </div>
      )}
      {generationId !== null && (
        <div className="flex gap-1">
          <dt className="sr-only">Log</dt>
          <dd>
            <TextLink to={`/logs?${new URLSearchParams({ api_key_hash: keyHash, id: generationId })}`}>
              In the log
            </TextLink>
          </dd>
        </div>
      )}
    </dl>
  );
}
