/** A session that ended while somebody was at work: what they typed stays, and they sign in beside it. */
import { useSyncExternalStore } from 'react';

let ended = false;
const listeners = new Set<() => void>();

export function setSessionEnded(value: boolean): void {
  if (ended === value) return;
  ended = value;
  for (const listener of listeners) listener();
}

export const hasSessionEnded = (): boolean => ended;

export const useSessionEnded = (): boolean =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, hasSessionEnded);

/** Whether something may have been typed that would be lost with the page. */
export const hasInput = (): boolean => document.querySelector('main form, dialog form') !== null;
