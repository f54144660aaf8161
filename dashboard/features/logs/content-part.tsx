/** What was asked and answered, where that is kept. Shown when somebody asks for it, since each reading is written down. */
import { useMutation } from '@tanstack/react-query';
import { ApiError, messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { CopyButton } from '../../shared/components/copy-button.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { type Content, readContent } from './api/read-content.ts';

/** More than that nobody reads here; copying takes all of it. */
const MAX_CHARACTERS = 10_000;

export function ContentPart({ id }: { id: string }) {
  const reading = useMutation({ mutationFn: () => readContent(id) });
  const isNotKept = reading.error instanceof ApiError && reading.error.status === 404;
  return (
    <section className="grid min-w-0 grid-cols-1 gap-2">
      <h3 className="font-semibold">Prompt and answer</h3>
      {reading.data === undefined && (
        <>
          <p className="text-muted">
            Kept only where content logging is switched on. That you have read it is written to the audit log.
          </p>
          <Button
            variant="secondary"
            className="justify-self-start"
            isBusy={reading.isPending}
            onClick={() => reading.mutate()}
          >
            Show prompt and answer
          </Button>
        </>
      )}
      {isNotKept && <p role="status">Nothing is kept of this request.</p>}
      {reading.isError && !isNotKept && <Alert tone="danger">{messageOf(reading.error)}</Alert>}
      {reading.data !== undefined && <Shown content={reading.data} />}
    </section>
  );
}

function Shown({ content }: { content: Content }) {
  const { input, output, error, request } = content;
  const path = PATHS[request.door];
  const asked = input.messages ?? [{ role: 'user', content: input.prompt ?? '' }];
  return (
    <>
      {asked.map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they never move
        <Said key={index} at={index + 1} by={roleOf(message)} text={textOf(message)} />
      ))}
      {output.reasoning !== null && <Said by="reasoning" text={output.reasoning} />}
      {output.completion !== null && <Said by="answer" text={output.completion} />}
      {output.tool_calls !== undefined && <Said by="tool calls" text={jsonOf(output.tool_calls)} />}
      {error !== null && <Said by={`error ${error.status}`} text={error.message} />}
      <div className="flex flex-wrap gap-2">
        {path !== undefined && <CopyButton text={curlOf(path, request.body)} label="Copy as curl" />}
        <CopyButton text={jsonOf(content)} label="Copy all as JSON" />
      </div>
    </>
  );
}

/** `at`: which message of the prompt it is. */
function Said({ at, by, text }: { at?: number; by: string; text: string }) {
  const name = at === undefined ? by : `${at}. ${by}`;
  const isLong = text.length > MAX_CHARACTERS;
  return (
    <div className="min-w-0 rounded-lg border border-border">
      <p className="border-b border-border px-3 py-1 text-xs text-muted">{name}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section data-own-keys aria-label={name} tabIndex={0} className="max-h-80 overflow-y-auto px-3 py-2">
        <p className="whitespace-pre-wrap wrap-anywhere [unicode-bidi:plaintext]">
          {isLong ? `${text.slice(0, MAX_CHARACTERS)}…` : text}
        </p>
        {isLong && (
          <p className="mt-2 text-muted">
            {formatCount(text.length - MAX_CHARACTERS)} more characters: copying takes all of them.
          </p>
        )}
      </section>
    </div>
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const jsonOf = (value: unknown): string => JSON.stringify(value, null, 2) ?? '';

function roleOf(message: unknown): string {
  const role = isObject(message) ? message['role'] : undefined;
  return typeof role === 'string' ? role.slice(0, 40) : 'input';
}

/** Texts as they are, anything else as JSON. */
function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  if (!isObject(message)) return jsonOf(message);
  const said = message['content'] ?? message['parts'];
  if (typeof said === 'string' && Object.keys(message).every((name) => name === 'role' || name === 'content'))
    return said;
  if (Array.isArray(said) && said.every((part) => isObject(part) && typeof part['text'] === 'string'))
    return said.map((part) => (part as { text: string }).text).join('\n');
  const { role: _, ...rest } = message;
  return jsonOf(rest);
}

/** Of each door; Gemini's names its model in the path, which the body does not have. */
const PATHS: Readonly<Record<string, string>> = {
  'openai-chat': '/api/v1/chat/completions',
  'openai-text': '/api/v1/completions',
  'openai-responses': '/api/v1/responses',
  'openai-embeddings': '/api/v1/embeddings',
  'anthropic-messages': '/api/v1/messages',
};

function curlOf(path: string, body: unknown): string {
  const argument = JSON.stringify(body).replaceAll("'", `'\\''`);
  return [
    `curl ${location.origin}${path}`,
    '  -H "Authorization: Bearer $OPENROUTER_API_KEY"',
    '  -H "Content-Type: application/json"',
    `  -d '${argument}'`,
  ].join(' \\\n');
}
