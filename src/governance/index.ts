/** The catalog's rules about reading: which rows, and which form of which columns, the caller may see. */
export { type ReadTerms, requireReadable } from './read-terms.js';
