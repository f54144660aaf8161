/**
 * `turnpike export`: generations of a period into a file, or, a day an object, into S3-compatible storage, where tools that read JSON
 * lines or Parquet find them for longer than one database should hold them.
 */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { isoFromMs } from '../clock.ts';
import { type ObjectWriter, parseObjectUrl, writeObject } from '../egress/object-store.ts';
import { TurnpikeError } from '../errors.ts';
import { type ExportServices, type ExportSink, exportGenerations, type Part } from '../exports/export.ts';
import { type ExportFormat, isFormat, type Period, parsePeriod } from '../exports/order.ts';
import { readInstance } from '../keys/bootstrap.ts';
import { findKeyNames } from '../keys/store.ts';
import { missingBeforeMs } from '../metering/retention.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';

const USAGE = [
  'usage: turnpike export --from DAY [--to DAY] [--format csv|jsonl|focus|parquet] --out FILE',
  '       turnpike export --from DAY [--to DAY] [--format jsonl|parquet] --out s3://BUCKET/PREFIX',
  'Days are UTC, the last one is not included. In S3 each whole day is an object of gzipped JSON lines,',
  'PREFIX/date=DAY/generations.jsonl.gz, or of Parquet, PREFIX/date=DAY/generations.parquet; a day that is',
  'exported again takes its place.',
];
const DAY_MS = 24 * 3_600_000;

interface Order {
  readonly period: Period;
  readonly format: ExportFormat;
  readonly out: string;
}

export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
  const order = parseOrder(args, print);
  if (order === null) return 2;
  const database = await openMigrated(config);
  try {
    const instance = await readInstance(database);
    if (instance === null) {
      print('The database is empty: start the gateway once, then export.');
      return 1;
    }
    const services: ExportServices = {
      ...{ database, publicUrl: config.publicUrl },
      flushed: async () => {},
      keyNames: (accountId, hashes) => findKeyNames(database.db, accountId, hashes),
    };
    const whose = { accountId: instance.accountId, keyHashes: null };
    const tellDropped = async ({ startMs }: Period) => {
      const completeFromMs = await missingBeforeMs(database.db, startMs);
      if (completeFromMs !== null)
        print(
          `Generations before ${isoFromMs(completeFromMs)} have been dropped: what was there is missing.`,
        );
    };
    const bucket = parseObjectUrl(order.out);
    if (bucket === null) {
      const { period, format, out } = order;
      const count = await toFile(out, (sink) =>
        exportGenerations(services, { ...whose, ...period, format }, sink),
      );
      await tellDropped(period);
      print(`${count} generations are in ${out}.`);
      return 0;
    }
    let total = 0;
    await tellDropped(order.period);
    for (let startMs = order.period.startMs; startMs < order.period.endMs; startMs += DAY_MS) {
      const day = new Date(startMs).toISOString().slice(0, 10);
      const isParquet = order.format === 'parquet';
      const name = isParquet ? 'generations.parquet' : 'generations.jsonl.gz';
      const key = [bucket.prefix, `date=${day}`, name].filter((part) => part !== '').join('/');
      const type = isParquet ? 'application/vnd.apache.parquet' : 'application/gzip';
      const writer = writeObject(bucket.bucket, key, type);
      // A day without any is a file without lines, and still one that can be unpacked.
      if (!isParquet) await writer.write(gzipSync(''));
      const range = { startMs, endMs: startMs + DAY_MS };
      const count = await exportGenerations(
        services,
        { ...whose, ...range, format: order.format },
        isParquet ? plainInto(writer) : gzippedInto(writer),
      );
      await writer.end();
      total += count;
      print(`${day}: ${count} generations in s3://${bucket.bucket}/${key}`);
    }
    print(`${total} generations in all.`);
    return 0;
  } finally {
    await database.close();
  }
}

function parseOrder(args: string[], print: (line: string) => void): Order | null {
  const usage = () => {
    for (const line of USAGE) print(line);
    return null;
  };
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ args, options: { from: text, to: text, format: text, out: text } });
    const { from, to, format = 'jsonl', out } = values;
    if (from === undefined || out === undefined || !isFormat(format)) return usage();
    const isStorage = out.startsWith('s3:');
    if (isStorage && (parseObjectUrl(out) === null || (format !== 'jsonl' && format !== 'parquet')))
      return usage();
    const nowMs = Date.now();
    // Today is not over: its object would miss what is still to come.
    const untilMs = isStorage ? nowMs - (nowMs % DAY_MS) : nowMs;
    const period = parsePeriod(from, to ?? null, untilMs);
    const isDays = period.startMs % DAY_MS === 0 && period.endMs % DAY_MS === 0;
    if (isStorage && (!isDays || period.endMs > untilMs)) {
      print('--from and --to must be days that are over: each object is a whole one.');
      return null;
    }
    return { period, format, out };
  } catch (thrown) {
    if (!(thrown instanceof TurnpikeError)) return usage();
    print(`--${thrown.message.replace(/^start/, 'from').replace(/^end/, 'to')}`);
    return null;
  }
}

async function toFile(path: string, write: (sink: ExportSink) => Promise<number>): Promise<number> {
  const file = createWriteStream(path, { mode: 0o600 });
  const count = await write({
    begin: () => {},
    write: (part) =>
      new Promise((resolve, reject) => {
        file.write(part, (error) => (error === null || error === undefined ? resolve() : reject(error)));
      }),
  });
  file.end();
  await finished(file);
  return count;
}

/** A page a member: gzip's format is a sequence of them (RFC 1952, 2.2), and what reads JSON lines reads them all. */
function gzippedInto(writer: ObjectWriter): ExportSink {
  return {
    begin: () => {},
    write: (part: Part) => writer.write(gzipSync(part)),
  };
}

function plainInto(writer: ObjectWriter): ExportSink {
  return {
    begin: () => {},
    write: (part) => writer.write(typeof part === 'string' ? Buffer.from(part) : part),
  };
}
