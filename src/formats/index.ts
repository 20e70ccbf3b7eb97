/** Results as text and bytes: what the client prints and what HTTP answers with. */
export { arrowStream } from './arrow-stream.js';
export { csvText, jsonText, ndjsonText } from './delimited.js';
export { distinctNames } from './names.js';
export { parquetFile } from './parquet.js';
export { sqlTypeName } from './sql-type.js';
export { markdownText, tsvText } from './tabular.js';
export { isNumeric, isoText, jsonFormat, textFormat, type ValueFormat } from './value.js';
