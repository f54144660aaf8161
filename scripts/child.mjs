/** Runs one child process to its end, handing on the signals that this process receives. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** On Ctrl-C the terminal signals us, and npm, which got it too, passes its own copy on to us a moment later. */
const ECHO_MS = 500;

/** How long a child that ran out of time may take to stop before it is killed. */
const GRACE_MS = 5_000;

const isWindows = process.platform === 'win32';

/**
 * @typedef {object} Outcome
 * @property {number} code the exit code, or 128 + n when signal n ended the child, as a shell reports it
 * @property {NodeJS.Signals | undefined} interruptedBy the signal that somebody sent us meanwhile
 * @property {boolean} timedOut
 */

/**
 * The child gets a process group of its own, so a signal to our group reaches it once, through here, and never twice:
 * a gateway that is told to stop a second time stops without draining. Windows has no such signals; there the console
 * tells every process itself.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {import('node:child_process').StdioOptions} [options.stdio]
 * @param {number | undefined} [options.timeoutMs] after which the child and all it started are stopped
 * @returns {Promise<Outcome>}
 */
export function runChild(command, args, { cwd, env, stdio = 'inherit', timeoutMs } = {}) {
  const child = spawn(command, args, { cwd, env, stdio, detached: !isWindows });

  /** @type {NodeJS.Signals | undefined} */
  let interruptedBy;
  /** @type {Map<NodeJS.Signals, number>} */
  const forwardedAt = new Map();
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    interruptedBy = signal;
    const now = performance.now();
    if (isWindows || now - (forwardedAt.get(signal) ?? -Infinity) < ECHO_MS) return;
    forwardedAt.set(signal, now);
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);

  let timedOut = false;
  /** @type {NodeJS.Timeout[]} */
  const timers = [];
  if (timeoutMs !== undefined) {
    const stop = () => {
      timedOut = true;
      killGroup(child, 'SIGTERM');
    };
    timers.push(setTimeout(stop, timeoutMs));
    timers.push(setTimeout(() => killGroup(child, 'SIGKILL'), timeoutMs + GRACE_MS));
  }

  return new Promise((resolve) => {
    /** @param {number} code */
    const finish = (code) => {
      for (const signal of FORWARDED) process.off(signal, forward);
      for (const timer of timers) clearTimeout(timer);
      resolve({ code, interruptedBy, timedOut });
    };
    child.once('error', (error) => {
      if (child.pid !== undefined) return;
      console.error(`turnpike: cannot start ${command}: ${error.message}`);
      finish(127);
    });
    child.once('exit', (code, signal) => {
      if (timedOut) killGroup(child, 'SIGKILL');
      finish(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function killGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(isWindows ? child.pid : -child.pid, signal);
  } catch {
    // The group has ended by itself: what we wanted.
  }
}
