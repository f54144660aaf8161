/**
 * What a model wrote, as it meant it to look. `marked` takes it apart and React puts it together: no text of it ever becomes HTML,
 * addresses are http or https or no links at all, and nothing is loaded from anywhere. A picture is a link: to load it would tell
 * its host what the model was made to put into the address.
 */
import { Lexer, type Token, type Tokens } from 'marked';
import { Fragment, memo, type ReactNode } from 'react';
import { CopyButton } from '../../shared/components/copy-button.tsx';
import { ExternalLink } from '../../shared/components/text-link.tsx';

/** More is taken apart at once by no browser without a pause that is felt. */
const MAX_LENGTH = 200_000;
/** Elements within elements, far deeper than anybody writes: browsers go down where there are thousands. */
const MAX_DEPTH = 40;

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const tokens = tokensOf(text);
  if (tokens === null) return <p className="whitespace-pre-wrap">{text}</p>;
  return <div className="grid grid-cols-1 gap-3 wrap-anywhere">{blocks(tokens)}</div>;
});

/** Null: shown as it is. */
function tokensOf(text: string): Token[] | null {
  if (text.length > MAX_LENGTH) return null;
  try {
    const tokens = Lexer.lex(text, { gfm: true, breaks: true });
    return isTooDeep(tokens) ? null : tokens;
  } catch {
    // Such as quotes within quotes, deeper than any stack.
    return null;
  }
}

/** Level by level, since it may be deeper than the stack. */
function isTooDeep(tokens: readonly Token[]): boolean {
  let level: readonly object[] = tokens;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((token) => {
      const { tokens: within = [], items = [] } = token as { tokens?: object[]; items?: object[] };
      return [...within, ...items];
    });
  }
  return false;
}

const blocks = (tokens: readonly Token[] = []): ReactNode =>
  // biome-ignore lint/suspicious/noArrayIndexKey: a text that grows at its end
  tokens.map((token, at) => <Fragment key={at}>{block(token)}</Fragment>);

function block(token: Token): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading':
      return <p className="font-semibold">{inlines(token.tokens)}</p>;
    case 'paragraph':
      return <p>{inlines(token.tokens)}</p>;
    case 'hr':
      return <hr className="border-border" />;
    case 'code':
      return <Code code={token as Tokens.Code} />;
    case 'blockquote':
      return (
        <blockquote className="grid gap-3 border-l-2 border-border pl-3 text-muted">
          {blocks(token.tokens)}
        </blockquote>
      );
    case 'list':
      return <List list={token as Tokens.List} />;
    case 'table':
      return <MarkdownTable table={token as Tokens.Table} />;
    case 'html':
      return <p className="whitespace-pre-wrap">{token.raw.trimEnd()}</p>;
    case 'text':
      return 'tokens' in token && token.tokens !== undefined ? inlines(token.tokens) : token.raw;
    default:
      return token.raw;
  }
}

/** Groups, not regions: an answer may hold any number of them. */
function Code({ code: { lang = '', text } }: { code: Tokens.Code }) {
  return (
    <div className="grid min-w-0 gap-1 rounded-lg border border-border bg-canvas px-3 py-1.5">
      <div className="flex items-center justify-between gap-2 text-muted">
        <span className="truncate text-xs">{lang.slice(0, 40)}</span>
        <CopyButton variant="ghost" text={text} />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is a form's */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div role="group" aria-label="Code" tabIndex={0} className="overflow-x-auto pb-1.5">
        <pre className="font-mono text-xs leading-relaxed wrap-normal">{text}</pre>
      </div>
    </div>
  );
}

function List({ list }: { list: Tokens.List }) {
  const items = list.items.map((item, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a text that grows at its end
    <li key={at}>
      {item.task && <span aria-hidden="true">{item.checked === true ? '☑ ' : '☐ '}</span>}
      {item.task && <span className="sr-only">{item.checked === true ? 'Done: ' : 'To do: '}</span>}
      {blocks(item.tokens.filter(({ type }) => type !== 'checkbox'))}
    </li>
  ));
  const className = 'grid gap-1 pl-6';
  if (!list.ordered) return <ul className={`list-disc ${className}`}>{items}</ul>;
  return (
    <ol className={`list-decimal ${className}`} start={list.start === '' ? 1 : list.start}>
      {items}
    </ol>
  );
}

function MarkdownTable({ table }: { table: Tokens.Table }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is a form's
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div role="group" aria-label="Table" tabIndex={0} className="relative overflow-x-auto wrap-normal">
      <table className="border-collapse text-left">
        <thead>
          <tr>
            {table.header.map((cell, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a text that grows at its end
              <th key={at} scope="col" className="border-b border-border px-2 py-1 font-medium">
                {inlines(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a text that grows at its end
            <tr key={at}>
              {row.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a text that grows at its end
                <td key={column} className="border-b border-border px-2 py-1 align-top">
                  {inlines(cell.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const inlines = (tokens: readonly Token[] = []): ReactNode =>
  // biome-ignore lint/suspicious/noArrayIndexKey: a text that grows at its end
  tokens.map((token, at) => <Fragment key={at}>{inline(token)}</Fragment>);

function inline(token: Token): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong>{inlines(token.tokens)}</strong>;
    case 'em':
      return <em>{inlines(token.tokens)}</em>;
    case 'del':
      return <del>{inlines(token.tokens)}</del>;
    case 'codespan':
      return (
        <code className="rounded bg-raised px-1 font-mono text-xs">{(token as Tokens.Codespan).text}</code>
      );
    case 'br':
      return <br />;
    case 'link': {
      const { href, tokens, text } = token as Tokens.Link;
      return (
        <>
          <ExternalLink href={href}>{inlines(tokens)}</ExternalLink>
          {/* Where it leads is to be seen: its words are the model's. */}
          {hostOf(href) !== null && !text.includes(hostOf(href) ?? '') && (
            <span className="text-muted"> ({hostOf(href)})</span>
          )}
        </>
      );
    }
    case 'image': {
      const { href, text } = token as Tokens.Image;
      return <ExternalLink href={href}>{`Picture${text === '' ? '' : `: ${text}`}`}</ExternalLink>;
    }
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'text':
      return 'tokens' in token && token.tokens !== undefined
        ? inlines(token.tokens)
        : (token as Tokens.Text).text;
    default:
      return token.raw;
  }
}

function hostOf(href: string): string | null {
  const url = URL.parse(href);
  return url === null || !/^https?:$/.test(url.protocol) ? null : url.host;
}
