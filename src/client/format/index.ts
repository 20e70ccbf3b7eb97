/** Results as text and bytes. */
export * from '../../formats/index.js';
export { formatTable, rowCount, type TableOptions, tableText } from './table.js';
export { displayWidth, printable, truncate } from './width.js';
