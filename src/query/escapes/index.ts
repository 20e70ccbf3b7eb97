/** The escapes of ODBC and JDBC: what takes their place in a text, and the functions that they need. */
export { escapeSteps, refuseCall } from './escapes.js';
export { escapeFunctions } from './macros.js';
