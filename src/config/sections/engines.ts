/** What runs statements, and how much of everything they may take. */
import { z } from 'zod';
import { choice, duration, flag, integer, path, size, textList, url } from '../keys.js';

const unbounded = Number.MAX_SAFE_INTEGER;

export const engine = z.strictObject({
  processes: integer(
    1,
    256,
    'Processes that run the SQL, with the sessions spread over them. Without it, one for each processor, at most 4.',
  ).optional(),
  isolation: choice(
    ['shared', 'principal'],
    '`shared` spreads the sessions of all principals over the processes; `principal` gives each principal a process of its own, started on demand and ended when it is idle.',
  ).prefault('shared'),
});

export const otherEngine = z.strictObject({
  kind: choice(['spark-connect'], 'What is spoken to it: `spark-connect`, as Apache Spark 4 does.'),
  endpoint: url('Where the cluster listens, `sc://host:port`; port 15002 where none is named.', ['sc:']),
  tls: flag('Speaks TLS with the cluster, which is handed the tokens of its users.').prefault(true),
  certificateAuthorities: path(
    'PEM file with the authorities that the certificate of the cluster may come from. Without it, those of the system.',
  ).optional(),
  allowPlaintext: flag('Speaks without TLS with a cluster on another machine: tokens travel unencrypted.').prefault(
    false,
  ),
  sendToken: flag(
    "Sends the caller's token in the `authorization` header of every call, for a cluster that asks for it.",
  ).prefault(false),
  minScanSize: size(
    1,
    'A query that plans to read at least so many bytes of data files runs there, if it can. Without it, none goes there for that.',
  ).optional(),
  afterOutOfMemory: flag(
    'A query that runs out of memory here before its first rows are out is run again there, if it can.',
  ).prefault(true),
  catalogProperties: textList(
    'Properties, each `name=value`, that the catalogs of the cluster are given besides those that come from `catalogs`, such as `io-impl=org.apache.iceberg.aws.s3.S3FileIO`. No credentials: every session there could read them.',
  ).prefault([]),
});

export const limits = z.strictObject({
  concurrentStatements: integer(
    1,
    10_000,
    'Statements that run at the same time; one more waits until another ends, those of the principal with the fewest running ones first.',
  ).prefault(64),
  concurrentStatementsPerPrincipal: integer(
    1,
    10_000,
    'Those of one principal. Without it, three quarters of `concurrent_statements`, so that one principal never has all places.',
  ).optional(),
  queueTimeout: duration(
    { minimum: '0s', maximum: '1h' },
    'A statement that waits longer for others to end is refused with RESOURCE_EXHAUSTED; `0s` refuses it at once.',
  ).prefault('30s'),
  statementSize: size(
    1024,
    'Longest text of a statement, and of the views that it reads together; a longer one is refused with INVALID_ARGUMENT.',
  ).prefault('1MiB'),
  statementTimeout: duration(
    { minimum: '1s', maximum: '7d' },
    'A statement that runs longer ends with DEADLINE_EXCEEDED.',
  ).prefault('30m'),
  uploadIdleTimeout: duration(
    { minimum: '1s', maximum: '1d' },
    'A client that sends nothing in the middle of an upload (DoPut) for so long ends it with DEADLINE_EXCEEDED. An upload counts as a statement from its first message on.',
  ).prefault('2m'),
  memory: size(
    2 ** 29,
    'Memory that the whole server may use; a statement that asks for more ends with RESOURCE_EXHAUSTED. Without it, four fifths of what the machine or container has, and at least 2 GiB.',
  ).optional(),
  memoryPerSession: size(
    2 ** 25,
    'Memory that the engine of one session may use before it spills to disk or refuses. Less where so many sessions are at work that `limits.memory` is not enough for all.',
  ).prefault('1GiB'),
  spillPerSession: size(
    0,
    'Disk space that the engine of one session may fill with what does not fit in its memory, next to the cache.',
  ).prefault('20GiB'),
  threads: integer(1, 1024, 'Threads for one query. Without it, the number of processors.').optional(),
  resultBatchSize: size(
    4096,
    'About the size of one record batch of a result. Some clients refuse messages over 4 MiB.',
  ).prefault('1MiB'),
  resultRows: integer(
    1,
    unbounded,
    'A result with more rows ends with RESOURCE_EXHAUSTED. Without it, there is no limit.',
  ).optional(),
  sessions: integer(1, 1_000_000, 'Sessions of all principals together.').prefault(1000),
  sessionsPerPrincipal: integer(
    1,
    100_000,
    'Sessions of one principal; the longest idle one makes room for a new one.',
  ).prefault(32),
  sessionIdleTimeout: duration({ minimum: '1s', maximum: '7d' }, 'An unused session ends after this time.').prefault(
    '30m',
  ),
  preparedStatementIdleTimeout: duration(
    { minimum: '1s', maximum: '7d' },
    'An unused prepared statement is closed after this time.',
  ).prefault('30m'),
  pollTimeout: duration(
    { minimum: '1s', maximum: '1h' },
    'A statement that PollFlightInfo started ends when it is neither polled nor fetched for this time.',
  ).prefault('1m'),
  refusedTokens: integer(
    1,
    unbounded,
    'Tokens from one address in a minute whose refusal is answered at once; the refusal of further ones is answered a second later. Good tokens are never held up.',
  ).prefault(3000),
  ticketLifetime: duration({ minimum: '1s', maximum: '1d' }, 'How long a ticket can be redeemed.').prefault('15m'),
  planLifetime: duration(
    { minimum: '0s', maximum: '1m' },
    'How long what one call planned of a statement serves the next call of the same statement: Prepare, GetFlightInfo, DoGet. `0s` plans at each call.',
  ).prefault('3s'),
});
