/** Keeps the end of a growing page in sight, for whoever looks at the end; whoever has scrolled up is left where they read. */
import { useEffect, useLayoutEffect, useRef } from 'react';

const NEAR_PX = 80;

const isAtEnd = (): boolean => innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR_PX;

/** `grown` changes with everything that makes the page longer. */
export function usePinnedScroll(grown: unknown): { readonly pin: () => void } {
  const isPinned = useRef(true);
  useEffect(() => {
    const look = () => {
      isPinned.current = isAtEnd();
    };
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
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
