/** Texts whose plan is the same whenever they are planned over the same tables. */
import { tokenize } from '../../sql/index.js';

/** Names in DuckDB of what has another value at another time, or whenever it is asked. */
const UNSTEADY =
  /^(?:current_\w+|local\w+|get_current_\w+|now|today|age|ago|transaction_timestamp|random|uuid\w*|gen_random_uuid|setseed|nextval|currval|txid_current|user|session_user|getvariable|in_search_path|pg_\w+|sleep_ms|stats|error|write_log)$/i;

/** Whether the constants of a text are the same whenever it is planned. Words that only look like such a name are taken for it. */
export function isSteady(sql: string): boolean {
  const tokens = tokenize(sql);
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens.at(index);
    if (token && UNSTEADY.test(token.text.replace(/^"|"$/g, ''))) return false;
  }
  return true;
}
