/** Whether the process lives, whether it can serve, and its figures: for orchestrators and Prometheus, outside the API. */
import { publicRoute, type Route } from '../http/route.ts';

export interface StatusServices {
  /** Null: ready. Otherwise why not, in words that hold no secret. */
  readonly notReadyBecause: () => Promise<string | null>;
  readonly metrics: () => string;
  /** Throws where the caller may not read them. */
  readonly mustMayReadMetrics: (headers: Headers) => void;
}

export function statusRoutes({ notReadyBecause, metrics, mustMayReadMetrics }: StatusServices): Route[] {
  return [
    publicRoute('GET', '/health/live', () => Response.json({ status: 'ok' })),
    publicRoute('GET', '/health/ready', async () => {
      const reason = await notReadyBecause();
      if (reason === null) return Response.json({ status: 'ok' });
      return Response.json(
        { status: 'unavailable', reason },
        { status: 503, headers: { 'retry-after': '1' } },
      );
    }),
    publicRoute('GET', '/metrics', ({ request }) => {
      mustMayReadMetrics(request.headers);
      return new Response(metrics(), { headers: { 'content-type': 'text/plain; version=0.0.4' } });
    }),
  ];
}
