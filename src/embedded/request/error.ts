/** An answer that is no success, with its body as the Iceberg REST specification writes it (`ErrorModel`). */
export class RestError extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

/** 400: a request that makes no sense. */
export const illegalArgument = (message: string) => new RestError(400, 'IllegalArgumentException', message);
/** 500: a change that leads to no valid state. */
export const illegalState = (message: string) => new RestError(500, 'IllegalStateException', message);
/** 400: what can't even be read. */
export const unreadable = () => new RestError(400, 'WebApplicationException', 'HTTP 400 Bad Request');
export const badRequest = (message: string) => new RestError(400, 'BadRequestException', message);
/** 400: a change that the table format forbids. */
export const invalid = (message: string) => new RestError(400, 'ValidationException', message);
export const forbidden = (message: string) => new RestError(403, 'ForbiddenException', message);
export const notFound = (message: string) => new RestError(404, 'NotFoundException', message);
export const noSuchNamespace = (namespace: readonly string[]) =>
  new RestError(404, 'NoSuchNamespaceException', `Namespace does not exist: ${namespace.join('.') || "''"}`);
export const noSuchTable = (identifier: string) =>
  new RestError(404, 'NoSuchTableException', `Table does not exist: ${identifier}`);
export const noSuchView = (identifier: string) =>
  new RestError(404, 'NoSuchViewException', `View does not exist: ${identifier}`);
export const alreadyExists = (message: string) => new RestError(409, 'AlreadyExistsException', message);
export const commitFailed = (message: string) => new RestError(409, 'CommitFailedException', message);
