/** Results as text and bytes. */
export { arrowStream } from './arrow-stream.js';
export { csvText, jsonText, ndjsonText } from './delimited.js';
export { formatTable, rowCount, type TableOptions, tableText } from './table.js';
export { isNumeric, jsonFormat, textFormat, type ValueFormat } from './value.js';
export { displayWidth, printable, truncate } from './width.js';
