/** What a process has used, from Linux' own accounts: every thread, those that have ended included. */
import { readFileSync } from 'node:fs';

/** USER_HZ: the unit of /proc is fixed, whatever the kernel's own tick. */
const MICROSECONDS_PER_TICK = 10_000;
const QUIET_MS = 150;
const MAX_WAIT_MS = 10_000;

export function cpuMicrosecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in brackets that may hold anything; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
}

export function residentBytesOf(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}

/** Work that a candidate puts off until after the answer is part of its cost, so the account is read when it rests. */
export async function waitUntilQuiet(pid: number): Promise<void> {
  const endsAt = performance.now() + MAX_WAIT_MS;
  let before = cpuMicrosecondsOf(pid);
  while (performance.now() < endsAt) {
    await Bun.sleep(QUIET_MS);
    const now = cpuMicrosecondsOf(pid);
    if (now - before <= MICROSECONDS_PER_TICK) return;
    before = now;
  }
}
