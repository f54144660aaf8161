/** Serves this folder on http://localhost:3000 (or PORT): an app that needs no server needs one only to be looked at. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

/** @type {Record<string, string>} */
const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript' };

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const [, name, type] =
    /^\/((?:index|app)\.(html|css|js))$/.exec(pathname === '/' ? '/index.html' : pathname) ?? [];
  if (name === undefined || type === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': TYPES[type], 'cache-control': 'no-store' });
  response.end(await readFile(new URL(name, import.meta.url)));
});

server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`http://localhost:${address.port}`);
});
