/** The console: a page for browsers that speaks to the statements of this listener, with the token of whoever looks at it. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Context } from 'hono';
import { SkuaError } from '../../errors.js';
import type { HttpEnvironment, HttpRoutes } from '../app.js';
import { calledHost } from '../host.js';
import { problemOf, problemResponse } from '../problem.js';
import { readFiles } from './files.js';

export interface ConsoleOptions {
  version: string;
  /** Where Flight SQL is served, asked for with each page: `grpc://host:port`. `host` is what the browser calls this machine. */
  flight(host: string): string;
  /** Issuers at which people may log in with a public client. */
  login: readonly ConsoleLogin[];
}

export interface ConsoleLogin {
  issuer: string;
  clientId: string;
  scope: string;
}

const FOLDER = fileURLToPath(new URL('../../console', import.meta.url));
/** Where the server runs from its sources. */
const BUILT_FOLDER = fileURLToPath(new URL('../../../dist/console', import.meta.url));

export function consoleRoutes(options: ConsoleOptions): HttpRoutes {
  const { version, login } = options;
  const files = readFiles(FOLDER.includes('src') ? BUILT_FOLDER : FOLDER);
  return (app) => {
    app.get('/', ({ redirect }) => redirect('/console/'));
    app.get('/console', ({ redirect }) => redirect('/console/'));
    app.get('/console/settings.json', (context) => {
      const { hostname } = calledHost(context.env.incoming);
      return context.json({ version, flight: options.flight(hostname), login }, 200, { 'cache-control': 'no-store' });
    });
    app.get('/console/*', async (context) => {
      const known = await files;
      if (known === undefined) {
        const error = new SkuaError('NOT_FOUND', 'the console is not built; `npm run setup` builds it');
        return problemResponse(problemOf({ error }));
      }
      const path = context.req.path.slice('/console/'.length);
      if (path === '' || path === 'index.html') return page(context, String(known.get('index.html')?.plain), login);
      const file = known.get(path);
      if (file === undefined) return context.notFound();
      const isGzipped = /\bgzip\b/.test(context.req.header('accept-encoding') ?? '');
      return new Response(new Uint8Array(isGzipped ? file.gzipped : file.plain), {
        headers: {
          'content-type': file.type,
          vary: 'accept-encoding',
          ...(isGzipped ? { 'content-encoding': 'gzip' } : {}),
          // The names of these files change with what is in them.
          'cache-control': path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
        },
      });
    });
  };
}

/** The page, with a policy that lets it load and call nothing but this listener and the issuers. */
function page(context: Context<HttpEnvironment>, html: string, login: readonly ConsoleLogin[]): Response {
  const nonce = randomBytes(16).toString('base64');
  const issuers = login.map(({ issuer }) => new URL(issuer).origin);
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    `connect-src ${["'self'", ...new Set(issuers)].join(' ')}`,
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return context.html(html.replace('{{nonce}}', nonce), 200, {
    'cache-control': 'no-store',
    'content-security-policy': policy.join('; '),
  });
}
