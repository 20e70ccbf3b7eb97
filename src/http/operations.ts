/** What monitors ask: whether the server lives, whether it is ready, and what it has counted. */
import { SkuaError } from '../errors.js';
import type { Health, Metrics } from '../observe/index.js';
import type { HttpRoutes } from './app.js';

export interface OperationsOptions {
  health: Health;
  metrics: Metrics;
  /** Who may read the metrics: everybody who can reach the listener, or operators with their token. */
  metricsFor: 'everybody' | 'operators';
  isOperator(roles: readonly string[]): boolean;
}

/** `/healthz`, `/readyz` and `/metrics`. None of them waits for anything but the server itself. */
export function operationRoutes({ health, metrics, metricsFor, isOperator }: OperationsOptions): HttpRoutes {
  const metricsText = async () => {
    const { type, text } = await metrics.text();
    return new Response(text, { headers: { 'content-type': type, 'cache-control': 'no-store' } });
  };
  return (app, door) => {
    app.get('/healthz', () => status(200, { status: 'alive' }));
    app.get('/readyz', () => {
      const { ready, draining, checks } = health.report;
      const shown = checks.map(({ since, ...check }) => ({
        ...check,
        ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
      }));
      return status(ready ? 200 : 503, {
        status: ready ? 'ready' : draining ? 'draining' : 'not ready',
        checks: shown,
      });
    });
    app.get('/metrics', ({ env }) => {
      if (metricsFor === 'everybody') return metricsText();
      return door.answer(env, { route: 'GET /metrics', counted: false }, async ({ principal }) => {
        if (isOperator(principal.roles)) return metricsText();
        throw new SkuaError('PERMISSION_DENIED', 'only operators may read the metrics of this server');
      });
    });
  };
}

function status(code: number, body: object): Response {
  return Response.json(body, { status: code, headers: { 'cache-control': 'no-store' } });
}
