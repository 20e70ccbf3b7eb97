import type { Config } from '../config/index.js';

/** Operators have one of the configured roles. */
export function isOperator({ observe }: Pick<Config, 'observe'>, roles: readonly string[]): boolean {
  return roles.some((role) => observe.operatorRoles.includes(role));
}
