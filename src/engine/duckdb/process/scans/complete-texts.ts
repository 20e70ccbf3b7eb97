/** Texts whose plans were found to read nothing that the files lack. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { LRUCache } from 'lru-cache';
import { isSteady } from '../../steady-text.js';
import { databaseName } from './decoded.js';
import type { ReadyText } from './ready-text.js';

const MOST_TEXTS = 2000;

/** What a plan reads hangs on the text, on how its tables are defined, and on what is in their files, which never changes at its location. */
export class CompleteTexts {
  readonly #known = new LRUCache<string, true>({ max: MOST_TEXTS });

  has(text: ReadyText): boolean {
    const key = keyOf(text);
    return key !== undefined && this.#known.has(key);
  }

  add(text: ReadyText): void {
    const key = keyOf(text);
    if (key !== undefined) this.#known.set(key, true);
  }
}

/** Undefined where the plan may be another one the next time: with other values, other rows in memory, or at another moment. */
function keyOf({ sql, parameters, scans, attached, timeZone }: ReadyText): string | undefined {
  if (parameters || !isSteady(sql)) return undefined;
  const names = new Map<string, string>();
  const held: unknown[] = [];
  for (const { source, functions } of scans) {
    if (functions || source.kind === 'batches' || source.kind === 'local') return undefined;
    if (source.kind !== 'parquet') continue;
    for (const file of source.files) {
      if (file.deletedPositions?.length || file.positionDeletes.length > 0 || file.equalityDeletes.length > 0)
        return undefined;
      names.set(basename(file.path), file.location);
      if (file.decoded) names.set(databaseName(file.decoded.path), file.location);
      held.push([file.location, file.held && [...file.held], file.decoded && [...file.decoded.columns]]);
    }
  }
  const definitions = attached.definitions.replace(LOCAL_NAME, (name) => names.get(name) ?? name);
  return createHash('sha256')
    .update(JSON.stringify([sql, definitions, held, timeZone]))
    .digest('base64');
}

/** Local copies and databases of decoded columns have another name for each statement. */
const LOCAL_NAME = /\b(?:[0-9a-f]{32}\.\w+|d[0-9a-f]{12})\b/g;
