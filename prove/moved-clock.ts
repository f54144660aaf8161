/**
 * Loaded before a gateway's own code to move its clock: `PROVE_CLOCK` is what time it is at the start, and
 * `PROVE_CLOCK_STEP=3000:-5000` sets it back by five seconds after three.
 */
const realNow = Date.now;
const startedAtMs = realNow();
const offsetMs = Date.parse(process.env['PROVE_CLOCK'] ?? '') - startedAtMs;
const [stepAfterMs = Number.POSITIVE_INFINITY, stepMs = 0] = (process.env['PROVE_CLOCK_STEP'] ?? '')
  .split(':')
  .filter((part) => part !== '')
  .map(Number);
if (Number.isNaN(offsetMs)) throw new Error('PROVE_CLOCK is not a time');

Date.now = () => {
  const nowMs = realNow();
  return nowMs + offsetMs + (nowMs - startedAtMs >= stepAfterMs ? stepMs : 0);
};
