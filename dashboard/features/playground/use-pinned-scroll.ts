/** Keeps the end of a growing page in sight, for whoever looks at the end; whoever has scrolled up is left where they read. */
import { useEffect, useLayoutEffect, useRef } from 'react';

const NEAR_PX = 80;
/** For so long nobody who has just turned the wheel upwards is taken back down, however fast the page grows meanwhile. */
const LEAVING_MS = 500;
const UPWARDS = new Set(['ArrowUp', 'PageUp', 'Home']);

const isAtEnd = (): boolean => innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR_PX;

/** `grown` changes with everything that makes the page longer. */
export function usePinnedScroll(grown: unknown): { readonly pin: () => void } {
  const isPinned = useRef(true);
  useEffect(() => {
    let leftAt = Number.NEGATIVE_INFINITY;
    const leave = () => {
      leftAt = performance.now();
      isPinned.current = false;
    };
    const look = () => {
      isPinned.current = isAtEnd() && performance.now() - leftAt > LEAVING_MS;
    };
    const turn = ({ deltaY }: WheelEvent) => {
      if (deltaY < 0) leave();
    };
    const press = ({ key, target }: KeyboardEvent) => {
      if (UPWARDS.has(key) && !(target instanceof HTMLTextAreaElement)) leave();
    };
    addEventListener('scroll', look, { passive: true });
    addEventListener('wheel', turn, { passive: true });
    addEventListener('touchmove', leave, { passive: true });
    addEventListener('keydown', press);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('wheel', turn);
      removeEventListener('touchmove', leave);
      removeEventListener('keydown', press);
    };
  }, []);
  const isFirst = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is what the page grows by
  useLayoutEffect(() => {
    // What was kept is shown from its beginning.
    if (isFirst.current) isFirst.current = false;
    else if (isPinned.current) scrollTo({ top: document.documentElement.scrollHeight });
  }, [grown]);
  return {
    pin: () => {
      isPinned.current = true;
    },
  };
}
