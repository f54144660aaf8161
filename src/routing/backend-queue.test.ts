import { describe, expect, test } from 'bun:test';
import { ProviderError } from '../providers/provider-error.ts';
import type { ProviderQueue } from '../providers/provider-key.ts';
import { BackendQueue, LeftQueue, type Waiter } from './backend-queue.ts';
import { Stopping } from './stopping.ts';

function world(limits: Partial<ProviderQueue> = {}) {
  const queue = new BackendQueue({ maxConcurrent: 1, maxWaiting: 10, maxWaitMs: 60_000, ...limits });
  const served: string[] = [];
  const ask = (name: string, waiter: Partial<Waiter> = {}) => {
    const asked = {
      urgency: 'normal',
      party: 'a',
      signal: null,
      stopping: new Stopping(),
      ...waiter,
    } as const;
    const waiting = queue.take(asked, 'Local');
    if (waiting === null) {
      served.push(name);
      return Promise.resolve();
    }
    return waiting.then(() => {
      served.push(name);
    });
  };
  /** One after the other, as each is through. */
  const serveAll = async (count: number) => {
    for (let at = 0; at < count; at += 1) {
      queue.leave();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };
  return { queue, served, ask, serveAll };
}

async function failureOf(asking: Promise<void>): Promise<unknown> {
  return await asking.then(
    () => null,
    (error: unknown) => error,
  );
}

test('as many as there is room for go at once, and the next one waits for the first that is through', async () => {
  const { queue, served, ask, serveAll } = world({ maxConcurrent: 2 });
  void ask('one');
  void ask('two');
  void ask('three');
  expect([served, queue.running, queue.waiting]).toEqual([['one', 'two'], 2, 1]);
  await serveAll(1);
  expect([served, queue.running, queue.waiting]).toEqual([['one', 'two', 'three'], 2, 0]);
  await serveAll(2);
  expect(queue.running).toBe(0);
});

test('a key with many requests is served in turns with one that has few', async () => {
  const { served, ask, serveAll } = world();
  void ask('first');
  for (let at = 1; at <= 4; at += 1) void ask(`many ${at}`, { party: 'many' });
  void ask('few 1', { party: 'few' });
  void ask('few 2', { party: 'few' });
  await serveAll(6);
  expect(served).toEqual(['first', 'many 1', 'few 1', 'many 2', 'few 2', 'many 3', 'many 4']);
});

test('what can wait comes after everything else, in its own order', async () => {
  const { served, ask, serveAll } = world();
  void ask('first');
  void ask('low 1', { urgency: 'low' });
  void ask('low 2', { urgency: 'low' });
  void ask('normal');
  await serveAll(3);
  expect(served).toEqual(['first', 'normal', 'low 1', 'low 2']);
});

describe('whoever waits', () => {
  test('in vain is told how long it did, in an error that another endpoint may be tried after', async () => {
    const { queue, ask } = world({ maxWaitMs: 5 });
    void ask('first');
    const error = await failureOf(ask('second'));
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ fault: 'busy', neverSent: true, retryAfterSeconds: 1 });
    expect((error as Error).message).toBe('Waited 5 ms in the queue of Local without coming to its turn');
    expect([queue.running, queue.waiting]).toEqual([1, 0]);
  });

  test('and leaves, makes room in the queue', async () => {
    const { queue, served, ask, serveAll } = world({ maxWaiting: 1 });
    void ask('first');
    const leaving = new AbortController();
    const left = failureOf(ask('second', { signal: leaving.signal }));
    expect(((await failureOf(ask('third'))) as Error).message).toBe(
      'Local has no room, and 1 requests wait for it already',
    );
    leaving.abort();
    expect(await left).toBeInstanceOf(LeftQueue);
    void ask('fourth');
    await serveAll(2);
    expect([served, queue.running, queue.waiting]).toEqual([['first', 'fourth'], 0, 0]);
  });

  test('when the gateway stops, is let go', async () => {
    const { queue, ask } = world();
    const stopping = new Stopping();
    void ask('first');
    const left = failureOf(ask('second', { stopping }));
    stopping.begin();
    expect(await left).toBeInstanceOf(LeftQueue);
    expect(queue.waiting).toBe(0);
  });

  test('and leaves in the moment its turn comes, hands it on', async () => {
    const { queue, served, ask, serveAll } = world();
    void ask('first');
    const leaving = new AbortController();
    const left = failureOf(ask('second', { signal: leaving.signal }));
    void ask('third');
    leaving.abort();
    queue.leave();
    await left;
    await serveAll(0);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect([served, queue.running]).toEqual([['first', 'third'], 1]);
    queue.leave();
    expect(queue.running).toBe(0);
  });
});
