/** Statements over HTTP: run one and read its result, look after it, stop it. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { SkuaError } from '../../errors.js';
import type { StatementService } from '../../query/contract.js';
import type { SystemSource } from '../../query/index.js';
import type { HttpRoutes } from '../app.js';
import { problemOf, told } from '../problem.js';
import { sendFailure, sendResult } from './answer.js';
import { acceptedFormat, type ResultFormat } from './formats.js';
import { readStatement } from './request.js';

export interface StatementLimits {
  /** A result with more rows ends with RESOURCE_EXHAUSTED. */
  resultRows: number;
}

export interface StatementParts {
  statements: StatementService;
  /** Knows the statements that run and have run; without it they can't be looked after. */
  system?: Pick<SystemSource, 'statements' | 'stop'> | undefined;
}

export function statementRoutes({ statements, system }: StatementParts, { resultRows }: StatementLimits): HttpRoutes {
  return (app, door) => {
    app.post('/v1/statements', async ({ env }) => {
      let format: ResultFormat | undefined;
      let id: string | undefined;
      const passage = { route: 'POST /v1/statements', counted: false };
      const failure = await door.pass(env, passage, async (call) => {
        id = call.id;
        if (env.incoming.httpVersion === '1.0') {
          throw new SkuaError('UNIMPLEMENTED', 'HTTP/1.0 can not say that an answer was cut short; use HTTP/1.1');
        }
        format = acceptedFormat(env.incoming);
        const { request, names } = readStatement(env.incoming.headers['content-type'], await door.body(env));
        if (names !== undefined) call.useNames(names);
        // Only now, since a client that is slow to send its statement has none yet.
        await door.occupy(call);
        const result = await statements.query(call, request);
        await sendResult(result, call, env, { format, resultRows });
      });
      if (failure !== undefined) sendFailure(problemOf(failure, id), format, env);
      return RESPONSE_ALREADY_SENT;
    });

    app.get('/v1/statements/:id', ({ env, req }) =>
      door.answer(env, { route: 'GET /v1/statements/{id}', counted: false }, async ({ principal }) => {
        const id = req.param('id');
        const entries = (await system?.statements(principal)) ?? [];
        const entry = entries.find((candidate) => candidate.id === id);
        if (entry === undefined) throw unknown(id);
        return Response.json(entry, { headers: { 'cache-control': 'no-store' } });
      }),
    );

    app.delete('/v1/statements/:id', ({ env, req }) =>
      door.answer(env, { route: 'DELETE /v1/statements/{id}', counted: false }, async ({ principal }) => {
        const id = req.param('id');
        if ((await system?.stop(principal, id)) !== true) throw unknown(id);
        return new Response(null, { status: 204 });
      }),
    );

    app.delete('/v1/session', ({ env }) =>
      door.answer(env, { route: 'DELETE /v1/session', counted: false }, async (call) => {
        if (!call.endSession()) {
          throw new SkuaError('FAILED_PRECONDITION', 'the request names no session of its own that could be ended');
        }
        return new Response(null, { status: 204 });
      }),
    );
  };
}

function unknown(id: string): SkuaError {
  return new SkuaError('NOT_FOUND', `there is no statement ${told(id)} that you may see`);
}
