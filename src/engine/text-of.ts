/** What stands for CAST(column AS VARCHAR) where an engine's optimiser would compare something else. */
export const TEXT_OF = 'skua_text';
