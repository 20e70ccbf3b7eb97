/** The HTTP listener. */
export type { Door, HttpApp, HttpEnvironment, HttpRoutes } from './app.js';
export { type ConsoleLogin, type ConsoleOptions, consoleRoutes } from './console/index.js';
export { type HttpCall, type Passage, SESSION_HEADER, STATEMENT_HEADER } from './http-call.js';
export { type McpOptions, mcpRoutes } from './mcp/index.js';
export { type OperationsOptions, operationRoutes } from './operations.js';
export { httpStatusOf, PROBLEM_TYPE, type Problem } from './problem.js';
export { createHttpServer, type HttpLimits, type HttpServer, type HttpServerOptions } from './server.js';
