/** Runs statements and holds their rows, so that neither reading nor sorting millions of them stops the page. */
import { connectHttp, type HttpClient } from '../../../src/client/http/client.js';
import { toSkuaError } from '../../../src/errors.js';
import { isNumeric, sqlTypeName } from '../../../src/formats/index.js';
import { fileOf } from './files.js';
import type { Event, Question, Request, RunRequest } from './messages.js';
import { isTemporal, Result } from './result.js';

/** What one result may take in memory; a longer one is cut there, and says so. */
const MOST_BYTES = 1.5 * 2 ** 30;
/** Milliseconds between two messages of progress. */
const PROGRESS_EVERY = 100;

interface Running {
  stop: AbortController;
  result?: Result;
}

const statements = new Map<number, Running>();

function say(event: Event): void {
  postMessage(event);
}

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  switch (data.kind) {
    case 'run':
      void run(data);
      break;
    case 'stop':
      statements.get(data.id)?.stop.abort();
      break;
    case 'drop':
      statements.get(data.id)?.stop.abort();
      statements.delete(data.id);
      break;
    default:
      void reply(data);
  }
});

async function run(request: RunRequest): Promise<void> {
  const { id, address, token, session, sql, parameters } = request;
  const running: Running = { stop: new AbortController() };
  statements.set(id, running);
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  const client: HttpClient = connectHttp({ address, token, sessionId: session });
  try {
    const answer = await client.execute(sql, { parameters: parameters as never, signal: running.stop.signal });
    const result = new Result(answer.schema);
    running.result = result;
    const columns = answer.schema.fields.map((field) => ({
      name: field.name,
      type: sqlTypeName(field),
      numeric: isNumeric(field.type),
      temporal: isTemporal(field),
    }));
    say({ kind: 'schema', id, columns, elapsed: elapsed() });
    let cutAt: number | undefined;
    let said = Number.NEGATIVE_INFINITY;
    for await (const batch of answer.batches) {
      result.add(batch);
      if (elapsed() - said > PROGRESS_EVERY) {
        said = elapsed();
        say({ kind: 'progress', id, rows: result.rows, bytes: result.bytes, elapsed: said });
      }
      if (result.bytes > MOST_BYTES) {
        cutAt = result.rows;
        break;
      }
    }
    say({
      kind: 'end',
      id,
      rows: result.rows,
      bytes: result.bytes,
      elapsed: elapsed(),
      session: client.sessionId,
      cutAt,
    });
  } catch (error) {
    const { code, message } = toSkuaError(error);
    say({ kind: 'failure', id, code, message, elapsed: elapsed(), session: client.sessionId });
  }
}

async function reply(question: Question & { call: number }): Promise<void> {
  const { call } = question;
  try {
    const result = statements.get(question.id)?.result;
    if (result === undefined) throw new Error('The result is no longer there.');
    say({ kind: 'answer', call, value: await answerOf(result, question) });
  } catch (error) {
    say({ kind: 'refusal', call, message: error instanceof Error ? error.message : String(error) });
  }
}

function answerOf(result: Result, question: Question): unknown {
  switch (question.kind) {
    case 'rows':
      return result.cells(question.from, question.to);
    case 'arrange':
      return result.arrange(question.filter, question.sort);
    case 'series':
      return result.series(question.x, question.ys, question.points);
    case 'cell':
      return result.cell(question.row, question.column);
    case 'file':
      return fileOf(result.schema, result.batches, question.format);
  }
}
