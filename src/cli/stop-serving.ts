/** How a gateway that serves comes to its end, so that whoever asked it is answered, and whoever asks it next can ask another node. */
import { SETTLE_MS } from '../app.ts';
import { becomesTrueWithin } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Gateway } from '../gateway.ts';
import type { HttpServer } from '../http/server.ts';
import type { Logger } from '../log.ts';

export async function stopServing(
  server: HttpServer,
  gateway: Gateway,
  {
    drainDelayMs,
    drainTimeoutMs,
    logger,
  }: Pick<Config, 'drainDelayMs' | 'drainTimeoutMs'> & { readonly logger: Logger },
): Promise<void> {
  // Bun counts a request until its answer's last byte is on its way; the gateway counts also what goes on for nobody.
  const isIdle = () => server.pendingRequests === 0 && gateway.running() === 0;
  gateway.retire();
  if (drainDelayMs > 0) await Bun.sleep(drainDelayMs);
  gateway.refuse();
  // New connections are refused from here on, which balancers take for an invitation to try the next node, and those without a
  // request are closed. Bun's promise is not waited for: it may resolve while requests run.
  void server.stop();
  if (!(await becomesTrueWithin(isIdle, drainTimeoutMs))) {
    logger.warn('drain_timed_out', { requests: server.pendingRequests, inference: gateway.running() });
  }
  gateway.endRunning();
  await becomesTrueWithin(isIdle, SETTLE_MS);
  await server.stop(true);
  await gateway.close();
}
