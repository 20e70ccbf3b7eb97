import { illegalArgument } from '../request/error.js';

const FORBIDDEN = /[?#"\\+:/]/;

/** Refuses names that can't be part of a path or location, with Polaris's sentences. */
export function checkEntityName(name: string): void {
  if (name === '.' || name === '..') throw illegalArgument("Entity name must not be '.' or '..'");
  if (name !== name.trim()) {
    throw illegalArgument(`Entity name must not have leading or trailing whitespace: ${name}`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const control = /[\u0000-\u001f\u007f-\u009f]/.exec(name)?.[0];
  if (control !== undefined) {
    const code = control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw illegalArgument(`Entity name must not contain control characters (U+${code})`);
  }
  const forbidden = FORBIDDEN.exec(name)?.[0];
  if (forbidden !== undefined) throw illegalArgument(`Entity name must not contain '${forbidden}': ${name}`);
}

/** The same of the name of a new table or view. */
export function checkTableName(name: string, word: 'table' | 'view'): void {
  if (name === '') throw illegalArgument(`Invalid ${word} name: null or empty`);
  checkEntityName(name);
}
