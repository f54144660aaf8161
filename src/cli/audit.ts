/** `turnpike audit verify`: whether the audit log is as it was written. */
import { parseArgs } from 'node:util';
import { type Anchor, linkEvents, verifyChain } from '../audit/chain.ts';
import { isoFromMs } from '../clock.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';

const USAGE = `usage: turnpike audit verify [--noted <number>:<hash>]...

  --noted   a link that was noted at an earlier time, as this command prints it: it must still be there`;

export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
  const anchors = readAnchors(args);
  if (anchors === null) {
    print(USAGE);
    return 2;
  }
  const database = await openMigrated(config);
  try {
    await linkEvents(database, true);
    const { links, hash, untilMs, fault } = await database.snapshot((db) => verifyChain(db, anchors));
    if (fault !== null) {
      print(`The audit log is off: ${fault}.`);
      return 1;
    }
    if (links === 0) print('The audit log is right: it is empty.');
    else print(`The audit log is right: ${links} events, the newest of ${isoFromMs(untilMs)}.`);
    if (links > 0) print(`Note this elsewhere, and give it the next time: --noted ${links}:${hash}`);
    return 0;
  } finally {
    await database.close();
  }
}

function readAnchors(args: string[]): Anchor[] | null {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { noted: { type: 'string', multiple: true, default: [] } },
    });
    if (positionals.length !== 1 || positionals[0] !== 'verify') return null;
    const anchors = values.noted.map((text) => /^(\d{1,15}):([0-9a-f]{64})$/.exec(text));
    if (anchors.includes(null)) return null;
    return anchors.map((found) => ({ seq: Number(found?.[1]), hash: found?.[2] ?? '' }));
  } catch {
    return null;
  }
}
