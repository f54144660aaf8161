/** The model list as an RSS 2.0 feed, for readers that watch for new models. */
import type { Row } from './filters.ts';
import { detailsPath } from './model-json.ts';

export function rssFeed(rows: readonly Row[], origin: string, chatLinks: boolean): string {
  const items = rows.map((row) => item(row, origin, chatLinks)).join('');
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<rss version="2.0"><channel><title>Models</title><link>${xmlText(origin)}</link>` +
    `<description>The models of this server</description>${items}</channel></rss>\n`
  );
}

function item({ model, alias }: Row, origin: string, chatLinks: boolean): string {
  const id = alias ?? model.id;
  const link = chatLinks ? `${origin}/chat?models=${encodeURIComponent(id)}` : `${origin}${detailsPath(id)}`;
  const published =
    model.created === 0 ? '' : `<pubDate>${new Date(model.created * 1000).toUTCString()}</pubDate>`;
  return (
    `<item><title>${xmlText(model.name)}</title><link>${xmlText(link)}</link>` +
    `<guid isPermaLink="false">${xmlText(id)}</guid>` +
    `<description>${xmlText(model.description)}</description>${published}</item>`
  );
}

/** Control characters and halves of pairs have no form in XML 1.0 at all. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\p{Cs}/gu;

/** By whole texts: anybody may ask for the feed, and a look at each of its characters takes many times as long. */
function xmlText(text: string): string {
  return text
    .replace(FORBIDDEN, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}
