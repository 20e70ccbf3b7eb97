/** SQL as text: tokens, statements, quotes and places in it. */
export { TextBudget } from './limits.js';
export { withoutLiterals } from './literals.js';
export { lineAndColumn, offsetOfCharacter, syntaxError } from './places.js';
export { endOfQuote, quoteName, quoteString } from './quoted.js';
export { firstStatementSteps, firstWord, type SplitText, splitStatements, statementsOf } from './split.js';
export { Token, type TokenKind } from './token.js';
export { STEP, scan, Tokens, tokenize, tokenizeSteps } from './tokens.js';
export { atOnce, inTurns } from './turns.js';
