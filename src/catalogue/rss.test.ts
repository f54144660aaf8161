import { expect, test } from 'bun:test';
import { modelOf } from '../routing/__fixtures__/endpoints.ts';
import { rssFeed } from './rss.ts';

const feedOf = (...texts: string[]): string =>
  rssFeed(
    texts.map((text) => ({ model: modelOf({ name: text, description: text }), alias: null })),
    'https://gateway.example',
    false,
  );

test('what means something in XML is escaped, what has no form in it goes, and all else stays', () => {
  const feed = feedOf(`<b>&"'</b>\t\n\r \0\u0008\u000b\u001f \ud800 \udc00x é 😀 \u2028`);
  expect(feed).toContain('<title>&lt;b&gt;&amp;&quot;&apos;&lt;/b&gt;\t\n\r   x é 😀 \u2028</title>');
  expect(feed.isWellFormed()).toBe(true);
});

test('a feed of many models is written by whole texts and not by characters, for anybody may ask for it', () => {
  const texts = Array.from({ length: 1000 }, (_, n) => `Model ${n} of somebody's & others: `.repeat(20));
  const feed = feedOf(...texts);
  const msOf = (work: () => unknown): number => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  };
  const rounds = Array.from({ length: 8 }, () => [
    msOf(() => feedOf(...texts)),
    msOf(() => Array.from(feed, (character) => character).join('')),
  ]);
  const leastOf = (at: number): number => Math.min(...rounds.map((round) => round[at] ?? 0));
  expect(leastOf(0) / leastOf(1)).toBeLessThan(0.5);
});
