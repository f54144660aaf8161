/**
 * Loaded before the gateway's own code: every few seconds it collects all garbage and writes down what is left. Between two collections of
 * its own a heap swings by a hundred MiB, in which what a request leaves behind would not be seen for millions of requests.
 */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { KEPT_FILE } from './growth.ts';

const EVERY_MS = 3000;

if (isMainThread && process.argv.includes('serve')) {
  let collections = 0;
  setInterval(() => {
    Bun.gc(true);
    collections += 1;
    writeFileSync(KEPT_FILE, `${process.pid} ${collections} ${process.memoryUsage.rss()}`);
  }, EVERY_MS).unref();
}
