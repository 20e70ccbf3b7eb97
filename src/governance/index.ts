/** The catalog's rules about reading: which rows, and which form of which columns, the caller may see. */
export { bindRestrictions, type MaskedField, maskedFields, type ReadBarrier } from './barrier.js';
export { type ReadTerms, refusingViolations, requireReadable } from './read-terms.js';
export { MASK_ACTIONS, type MaskAction, parseRestrictions, type ReadRestrictions } from './restrictions.js';
export { StatementSalt } from './salt.js';
