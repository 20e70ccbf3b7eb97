/** The command line's own way with statements: results on a terminal, in files and at a prompt. */
export { BINARY_FORMATS, OUTPUT_FORMATS, type OutputFormat } from './encode.js';
export { describeFailure, type Output, runStatement } from './output.js';
export { type PromptOptions, runPrompt } from './prompt.js';
export { topPicture } from './top.js';
