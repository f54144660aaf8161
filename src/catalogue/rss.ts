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

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Control characters have no form in XML 1.0 at all, so they go. */
function xmlText(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const isForbidden =
      (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) || (code >= 0xd800 && code < 0xe000);
    return isForbidden ? '' : (ENTITIES[character] ?? character);
  }).join('');
}
