/** More than the machine can do: new requests are sent away early, what runs already ends, and soon afterwards all are taken again. */
import { expect, test } from 'bun:test';
import { type Bench, chat, getJson, readText, startBench, until } from '../faults/bench.ts';

/** Well above the few that are always taken. */
const RUNNING = 40;
const ASKED_MEANWHILE = 60;
/** Later than any loop that keeps up. */
const BUSY_MS = 250;

/** The whole process, and so the gateway in it, does nothing else for as long as a real overload would keep it. */
async function keepBusy(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    Bun.sleepSync(BUSY_MS);
    await Bun.sleep(1);
  }
}

/** A stream, asked for until it is taken: the machine of the tests may be busy enough by itself. */
async function begun(bench: Bench): Promise<Response> {
  for (;;) {
    const answer = await chat(bench, { stream: true });
    if (answer.status === 200) return answer;
    await answer.text();
    await Bun.sleep(100);
  }
}

async function refusalOf(bench: Bench): Promise<{ status: number; retryAfterSeconds: number }> {
  const answer = await chat(bench);
  await answer.text();
  return { status: answer.status, retryAfterSeconds: Number(answer.headers.get('retry-after')) };
}

test('an overloaded gateway answers 503 with Retry-After before any provider is asked, ends what it had begun, and recovers', async () => {
  await using bench = await startBench();
  const { promise: isLetGo, resolve: letGo } = Promise.withResolvers<void>();
  bench.one.script({ times: RUNNING, behaviour: { chunks: 3, holdAfterChunks: 1, holdUntil: isLetGo } });
  const running = Array.from({ length: RUNNING }, async () => await readText(await begun(bench)));
  expect(await until(() => bench.one.stats.activeStreams === RUNNING)).toBe(true);

  let isOver = false;
  const busy = keepBusy(() => isOver);
  let refusal = await refusalOf(bench);
  for (let tries = 0; tries < 50 && refusal.status === 200; tries += 1) refusal = await refusalOf(bench);
  const before = bench.one.requests.length;
  const answers = await Promise.all(Array.from({ length: ASKED_MEANWHILE }, () => refusalOf(bench)));
  isOver = true;
  await busy;
  expect(refusal.status).toBe(503);
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(ASKED_MEANWHILE / 2);
  expect(answers.filter(({ status }) => status !== 503 && status !== 200)).toEqual([]);
  for (const { retryAfterSeconds } of refused) expect(retryAfterSeconds).toBeGreaterThan(0);
  expect(bench.one.requests.length - before).toBe(answers.length - refused.length);

  letGo();
  for (const text of await Promise.all(running)) expect(text).toEndWith('data: [DONE]\n\n');
  expect(await until(async () => (await refusalOf(bench)).status === 200)).toBe(true);
  // Nothing stays held or unsettled.
  const { data } = await getJson(bench, '/key');
  const rows = await bench.generations();
  expect(rows.length).toBe(bench.one.requests.length);
  expect(data.usage).toBe(Number(rows.reduce((sum, row) => sum + row.cost_nano_usd, 0n)) / 1e9);
  const figures = async () => await (await fetch(`${bench.url}/metrics`)).text();
  expect(await until(async () => (await figures()).includes('turnpike_holds 0'))).toBe(true);
});
