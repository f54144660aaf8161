/** A provider that writes its own key into its errors, in every way in which it can: nobody but the provider ever reads it. */
import { expect, test } from 'bun:test';
import { engines } from '../../databases.ts';
import { startGateway } from '../../harness.ts';
import { everythingIn, filesIn } from '../../kept.ts';

const KEY = 'sk-proj-Zq7Tm2Vx9Lr4Wd8Kc3Hb6Nf1Ys5Pj0Ga';
const RUN = 8;

const SPELLINGS: Record<string, string> = {
  whole: KEY,
  half: KEY.slice(18),
  masked: `${KEY.slice(0, 12)}*****${KEY.slice(-4)}`,
  reversed: [...KEY].reverse().join(''),
  'for a URL': `https://x.example/?api_key=${encodeURIComponent(KEY)}`,
  hex: Buffer.from(KEY).toString('hex'),
  base64: Buffer.from(`Bearer ${KEY}`).toString('base64'),
  base64url: Buffer.from(`x${KEY}`).toString('base64url'),
  // Where a message to the caller, and a line of the log, is cut.
  'across the end of what is shown': `${'no '.repeat(160)}${KEY}`,
  'across the end of what is logged': `${'no '.repeat(660)}${KEY}`,
  'far behind': `${'no '.repeat(30_000)}${KEY}`,
};

const TOKEN = 'data: {"id":"x","choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n';
const sse = { 'content-type': 'text/event-stream' };
const json = { 'content-type': 'application/json' };

/** What the provider answers: `text` is the key in one of its spellings. */
const ANSWERS: ((text: string) => Response)[] = [
  ...[400, 401, 403, 404, 422, 429, 500, 503].map((status) => (text: string) => {
    const error = { message: `no: ${text}`, type: text, code: text, param: text, metadata: { [text]: text } };
    return Response.json({ error }, { status, headers: { 'retry-after': text } });
  }),
  (text) => new Response(`<html>${text}</html>`, { status: 502 }),
  (text) => Response.json({ error: { message: text, code: 400 } }),
  (text) => new Response(`data: {"error":{"message":"${text}","code":422}}\n\n`, { headers: sse }),
  (text) =>
    new Response(`${TOKEN}data: {"error":{"message":"bad key ${text}","code":500}}\n\n`, { headers: sse }),
  (text) =>
    new Response(`${TOKEN}data: {"object":"error","message":"${text}","code":400}\n\n`, { headers: sse }),
  (text) => new Response(`${TOKEN}event: error\ndata: ${text}\n\n`, { headers: sse }),
  (text) => new Response(`${text}`, { headers: json }),
];

/** What of its spellings is of the key alone. */
const TELLING: readonly string[] = [
  KEY,
  [...KEY].reverse().join(''),
  Buffer.from(KEY).toString('hex'),
  // Behind the ten characters that "Bearer " begins.
  Buffer.from(`Bearer ${KEY}`).toString('base64').slice(10),
  Buffer.from(`x${KEY}`).toString('base64url').slice(2),
];

function runsIn(text: string): string[] {
  const found: string[] = [];
  for (const spelling of TELLING) {
    for (let at = 0; at + RUN <= spelling.length; at++) {
      const run = spelling.slice(at, at + RUN);
      if (text.includes(run)) found.push(run);
    }
  }
  // What a mask leaves of the end.
  if (text.includes(`*${KEY.slice(-4)}`)) found.push(KEY.slice(-4));
  return found;
}

test.each(engines.map(({ name }) => [name] as const))(
  'on %s, no answer, log line, row, file or metric holds a run of a key that its provider writes down',
  async (engine) => {
    let next = ANSWERS[0];
    let text = '';
    using provider = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => next?.(text) ?? new Response(),
    });
    // Each request an hour after the one before, so that nobody sits out for what happened to that one.
    let aheadMs = 0;
    await using bench = await startGateway({
      engine,
      clock: { nowMs: () => Date.now() + aheadMs },
      config: {
        providers: [{ slug: 'leaky', base_url: `http://127.0.0.1:${provider.port}/v1`, api_key: KEY }],
        models: [
          {
            id: 'leaky/small',
            context_length: 100_000,
            endpoints: [{ provider: 'leaky', model: 'm', pricing: { prompt: '0', completion: '0' } }],
          },
        ],
      },
    });
    const seen: string[] = [];
    for (const spelling of Object.values(SPELLINGS)) {
      text = spelling;
      for (const answer of ANSWERS) {
        next = answer;
        for (const stream of [false, true]) {
          aheadMs += 3_600_000;
          const response = await fetch(`${bench.baseUrl}/chat/completions`, {
            method: 'POST',
            headers: { authorization: `Bearer ${bench.apiKey}`, 'content-type': 'application/json' },
            body: JSON.stringify({
              model: 'leaky/small',
              stream,
              messages: [{ role: 'user', content: 'hi' }],
            }),
            keepalive: false,
          });
          seen.push(JSON.stringify([...response.headers]), await response.text());
        }
      }
    }
    expect(seen.some((said) => said.includes('error'))).toBe(true);
    expect(runsIn(seen.join('\n'))).toEqual([]);
    expect(bench.logLines.some((line) => line.includes('leaky') || line.includes('status 401'))).toBe(true);
    expect(runsIn(bench.logLines.join('\n'))).toEqual([]);
    const metrics = await fetch(`${bench.url}/metrics`, { keepalive: false });
    expect(runsIn(await metrics.text())).toEqual([]);
    // Whoever reads a key's usage waits until the journal is in the database.
    const own = { headers: { authorization: `Bearer ${bench.apiKey}` }, keepalive: false };
    expect((await fetch(`${bench.baseUrl}/key`, own)).status).toBe(200);
    const rows = await everythingIn(bench);
    expect(rows).toContain('leaky');
    expect(runsIn(rows)).toEqual([]);
    expect(runsIn(filesIn(bench.dataDir))).toEqual([]);
  },
);
