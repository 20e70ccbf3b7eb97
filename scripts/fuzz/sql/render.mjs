/** Statement texts with marks for tables and values, and what they become on each side. */

import { alike } from './types.mjs';

const VALUE = /⟦([^⟦⟧]*)⟧/g;
const TABLE = /⟪([^@⟪⟫]*)@([^⟪⟫]*)⟫/g;

/** A value that one side may get as a parameter. */
export const bindable = (sql) => `⟦${sql}⟧`;

/** The same text, all of whose values are written out. */
export const unbound = (text) => text.replace(VALUE, (_, sql) => sql);

/** A table, now or as it was at one of its versions. */
export const tableMark = (name, version = '') => `⟪${name}@${version}⟫`;

/** For plain tables, where each version is a table of its own. */
export function forReference(text) {
  return unbound(text).replace(
    TABLE,
    (_, name, version) => `demo.${name}${version === '' ? '' : `_v${version.split(':')[0]}`}`,
  );
}

/** For the server; with `values`, parameters take the place of values, which are added to it. */
export function forServer(text, values) {
  return text
    .replace(VALUE, (_, sql) => {
      if (!values) return sql;
      values.push(sql);
      return '?';
    })
    .replace(TABLE, (_, name, version) => {
      return `demo.${name}${version === '' ? '' : ` FOR VERSION AS OF ${version.split(':')[1]}`}`;
    });
}

/** The same text with other values of the same types in the place of those that may be parameters. */
export function rebound(random, text) {
  return text.replace(VALUE, (_, sql) => bindable(random.pick(alike(sql))));
}
