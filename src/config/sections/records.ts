/** What is written down of what the server does. */
import { z } from 'zod';
import { choice, flag, integer, path, secret, size, text, textList, url } from '../keys.js';

export const logging = z.strictObject({
  level: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'Least severe entry that is written.').prefault(
    'info',
  ),
  format: choice(
    ['auto', 'json', 'pretty'],
    '`json` is one object a line; `auto` is `pretty` on a terminal and `json` elsewhere.',
  ).prefault('auto'),
});

export const observe = z.strictObject({
  operatorRoles: textList(
    'Roles, as `roles_claim` lists them, whose holders see what all principals do, and may stop it. Without any, everybody sees only what is their own.',
  ).prefault([]),
  historySize: integer(0, 100_000, 'Ended statements that `system.runtime.queries` remembers.').prefault(1000),
  historyFile: path(
    'File that keeps them, with their texts, beyond the end of the server. Without it, they are kept in memory alone.',
  ).optional(),
  metrics: choice(
    ['everybody', 'operators'],
    'Who may read `/metrics`: everybody who can reach the HTTP listener, or only operators, with their token.',
  ).prefault('everybody'),
});

export const audit = z.strictObject({
  output: choice(
    ['off', 'file', 'stdout'],
    'Where the audit log goes, a JSON object for each statement and each refused token: to a file that rotates, or to standard output for whoever collects that.',
  ).prefault('off'),
  file: path('The file, where `output` is `file`. Readable by the user of the server alone.').optional(),
  maxFileSize: size(65536, 'Size at which the file is put aside as `.1`, the one before as `.2`, and so on.').prefault(
    '64MiB',
  ),
  maxFiles: integer(0, 1000, 'Files that are kept besides the one that is written.').prefault(9),
  literals: flag(
    'Writes texts and error sentences as they are. Without it, every literal of a text is a `?`.',
  ).prefault(false),
});

export const lineage = z.strictObject({
  url: url(
    'Where OpenLineage events of statements that touched tables are sent to, such as `https://marquez.example.com/api/v1/lineage`.',
  ).optional(),
  apiKey: secret('Sent to that address as bearer token.').optional(),
  file: path('File that the events are written to, a JSON object a line.').optional(),
  namespace: text('Namespace of the jobs in the events.').prefault('skua'),
});

export const traces = z.strictObject({
  url: url(
    'Where OpenTelemetry traces are sent to, by OTLP over HTTP, such as `https://collector.example.com:4318/v1/traces`. Without it, none are made.',
  ).optional(),
  apiKey: secret('Sent to that address as bearer token.').optional(),
  serviceName: text('`service.name` of the spans.').prefault('skua'),
  samplePercent: integer(
    0,
    100,
    'How many of the calls are recorded whose clients name no trace. Of others, the client says whether they are.',
  ).prefault(100),
});
