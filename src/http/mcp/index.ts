/**
 * The Model Context Protocol for agents (streamable HTTP, without sessions), as an OAuth resource server: each request carries its user's token, which passes
 * the admission like any other.
 */
import type { HttpBindings } from '@hono/node-server';
import { SkuaError } from '../../errors.js';
import type { StatementService } from '../../query/contract.js';
import type { HttpRoutes } from '../app.js';
import { calledHost } from '../host.js';
import { problemOf, problemResponse, told } from '../problem.js';
import { Reading, type ReadingLimits } from './reading.js';

export interface McpOptions {
  version: string;
  statements: StatementService;
  /** Issuers whose tokens are good here. */
  issuers: readonly string[];
  /** Origins of pages that may call besides the listener's own. */
  allowedOrigins: readonly string[];
  limits: ReadingLimits;
}

const METADATA = '/.well-known/oauth-protected-resource';

export function mcpRoutes(options: McpOptions): HttpRoutes {
  const { version, statements, issuers, limits } = options;
  return (app, door) => {
    // RFC 9728: where a client learns who gives tokens for this resource.
    for (const path of [METADATA, `${METADATA}/mcp`]) {
      app.get(path, ({ env, json }) =>
        json({
          resource: `${originOf(env)}/mcp`,
          resource_name: 'Skua',
          authorization_servers: issuers,
          bearer_methods_supported: ['header'],
        }),
      );
    }

    app.post('/mcp', async ({ env, req }) => {
      const refusal = refusedOrigin(env, options.allowedOrigins);
      if (refusal !== undefined) return problemResponse(problemOf({ error: refusal }));
      const answer = await door.answer(env, { route: 'POST /mcp', counted: false }, async (call) => {
        // Loaded with the first agent, since most servers never see one.
        const [{ WebStandardStreamableHTTPServerTransport }, { toolServer }] = await Promise.all([
          import('@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'),
          import('./tools.js'),
        ]);
        const reading = new Reading(statements, call, door.occupy, limits);
        const server = toolServer(reading, version);
        const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
        await server.connect(transport);
        try {
          const body: unknown = JSON.parse(String(await door.body(env)));
          return await transport.handleRequest(new Request(req.url, { method: 'POST', headers: req.raw.headers }), {
            parsedBody: body,
          });
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          throw new SkuaError('INVALID_ARGUMENT', 'the body is no JSON', { cause: error });
        } finally {
          await server.close();
        }
      });
      if (answer.status !== 401) return answer;
      // Sends clients to the page above (RFC 9728, section 5.1).
      const headers = new Headers(answer.headers);
      headers.set('www-authenticate', `Bearer resource_metadata="${originOf(env)}${METADATA}/mcp"`);
      return new Response(answer.body, { status: 401, headers });
    });

    // There is no stream of the server's own accord, and no session to end.
    app.on(['GET', 'DELETE'], '/mcp', () => new Response(null, { status: 405, headers: { allow: 'POST' } }));
  };
}

/** The listener as the client calls it. */
function originOf({ incoming }: HttpBindings): string {
  const scheme = 'encrypted' in incoming.socket ? 'https' : 'http';
  return `${scheme}://${calledHost(incoming).host}`;
}

/** A page of another origin, which only somebody's browser could have sent here. */
function refusedOrigin(env: HttpBindings, allowed: readonly string[]): SkuaError | undefined {
  const { origin } = env.incoming.headers;
  if (origin === undefined || origin === originOf(env) || allowed.includes(origin)) return undefined;
  return new SkuaError(
    'PERMISSION_DENIED',
    `pages of ${told(origin)} may not call this server; see http.allowed_origins`,
  );
}
