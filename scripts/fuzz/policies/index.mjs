/** What tests take of the random restrictions. */
export { Random } from '../sql/random.mjs';
export { holdsSalted, rowsProblem } from './compare.mjs';
export { SALTED } from './masks.mjs';
export { Relay } from './relay.mjs';
export { isReadable, randomRestrictions, seen } from './restrictions.mjs';
export { fieldsAt } from './schema.mjs';
export { rowOf } from './values.mjs';
