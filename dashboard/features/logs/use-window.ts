/** Which rows of a long list are in sight: only those are drawn. All are as high as the first one. */
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

const ROWS_AROUND = 12;
/** Before any was measured. */
const GUESSED_ROW_PX = 41;
const FIRST_ROWS = 60;

export interface Windowed {
  readonly ref: RefObject<HTMLTableSectionElement | null>;
  readonly from: number;
  /** Not part of it. */
  readonly to: number;
  /** Room for what stands before and behind. */
  readonly beforePx: number;
  readonly behindPx: number;
}

export function useWindow(count: number): Windowed {
  const ref = useRef<HTMLTableSectionElement>(null);
  const [state, setState] = useState({ from: 0, to: FIRST_ROWS, rowPx: GUESSED_ROW_PX });
  const look = useCallback(() => {
    const body = ref.current;
    if (body === null) return;
    const rowPx = body.querySelector('tr[data-row]')?.getBoundingClientRect().height ?? GUESSED_ROW_PX;
    const top = body.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor(-top / rowPx) - ROWS_AROUND);
    const to = Math.ceil((innerHeight - top) / rowPx) + ROWS_AROUND;
    setState((before) =>
      before.from === from && before.to === to && before.rowPx === rowPx ? before : { from, to, rowPx },
    );
  }, []);
  // Rows that have come, or a part above that is gone, move what is in sight too.
  useEffect(look);
  useEffect(() => {
    addEventListener('scroll', look, { passive: true, capture: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look, { capture: true });
      removeEventListener('resize', look);
    };
  }, [look]);
  const from = Math.min(state.from, Math.max(0, count - 1));
  const to = Math.min(count, Math.max(state.to, from + 1));
  return { ref, from, to, beforePx: from * state.rowPx, behindPx: (count - to) * state.rowPx };
}
