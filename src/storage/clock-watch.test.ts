import { expect, test } from 'bun:test';
import { engines } from '../../test/databases.ts';
import type { Clock } from '../clock.ts';
import { createLogger } from '../log.ts';
import { ClockWatch } from './clock-watch.ts';

test('a machine whose clock differs from its PostgreSQL’s says so once, and when it agrees again; SQLite has its own', async () => {
  for (const engine of engines) {
    let offByMs = 0;
    const clock: Clock = { nowMs: () => Date.now() + offByMs };
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', clock, write: (line) => lines.push(line) });
    const opened = await engine.open();
    try {
      const watch = new ClockWatch({ database: opened.database, clock, logger });
      const look = async (ms: number) => {
        offByMs = ms;
        await watch.look();
        return lines.splice(0).map((line) => JSON.parse(line) as { event: string; databaseAheadMs: number });
      };
      expect(await look(0)).toEqual([]);
      const [said, ...more] = await look(3_600_000);
      expect(more).toEqual([]);
      expect(said?.event).toBe(engine.name === 'postgres' ? 'clock_differs' : undefined);
      if (said !== undefined) expect(Math.abs(said.databaseAheadMs + 3_600_000)).toBeLessThan(60_000);
      expect(await look(3_600_000)).toEqual([]);
      const again = await look(0);
      expect(again.map(({ event }) => event)).toEqual(
        engine.name === 'postgres' ? ['clock_agrees_again'] : [],
      );
    } finally {
      await opened.dispose();
    }
  }
});
