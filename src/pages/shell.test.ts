import { expect, test } from 'bun:test';
import { TurnpikeError } from '../errors.ts';
import type { Bundle } from './bundle.ts';
import { createShell, pageOfError } from './shell.ts';

const bundle: Bundle = {
  script: 'main-1.js',
  theme: 'theme-1.js',
  style: 'style-1.css',
  icon: 'icon-1.svg',
  preloads: ['part-1.js'],
  assets: new Map(),
};
const shell = createShell({ bundler: { bundle: async () => bundle } });

test('an error reaches the page whole, and cannot break out of it', async () => {
  const message = `"><script>alert(1)</script>' & more`;
  const page = await pageOfError(shell, new TurnpikeError('invalid_request', { message }));
  expect(page.status).toBe(400);
  const html = await page.text();
  expect(html).not.toContain('<script>alert');
  const content = /name="turnpike-error" content="([^"]*)"/.exec(html)?.[1] ?? '';
  const entities: Record<string, string> = {
    '&amp;': '&',
    '&quot;': '"',
    '&#39;': "'",
    '&lt;': '<',
    '&gt;': '>',
  };
  const decoded = content.replace(/&[^;]+;/g, (entity) => entities[entity] ?? entity);
  expect(JSON.parse(decoded)).toEqual({ code: 'invalid_request', message });
});

test('an error that passes says so to whoever asks again', async () => {
  const page = await pageOfError(shell, new TurnpikeError('rate_limit_exceeded', { retryAfterSeconds: 30 }));
  expect([page.status, page.headers.get('retry-after')]).toEqual([429, '30']);
});

test('pages that cannot be built are a 500 that says where the reason is', async () => {
  const broken = createShell({
    bundler: {
      bundle: async () => {
        throw new Error('no such file');
      },
    },
  });
  const page = await broken.page();
  expect(page.status).toBe(500);
  const html = await page.text();
  expect(html).toContain('dashboard_build_failed');
  expect(html).not.toContain('no such file');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
});
