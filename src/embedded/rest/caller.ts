import { forbidden } from '../request/error.js';
import { OPERATIONS, type Operation } from './operations.js';
import { expand, type Grants, type Privilege } from './privileges.js';

/** Who asks, and what the roles of the token allow. */
export class Caller {
  readonly #roles: string[];
  readonly #privileges: Set<Privilege>;

  /** Roles of the token that the catalog has no grants for are not activated. */
  constructor(
    readonly name: string,
    roles: readonly string[],
    grants: Grants,
  ) {
    this.#roles = [...new Set(roles)].filter((role) => Object.hasOwn(grants, role));
    this.#privileges = expand(this.#roles.flatMap((role) => grants[role] ?? []));
  }

  holds(role: string): boolean {
    return this.#roles.includes(role);
  }

  may(operation: Operation): boolean {
    return OPERATIONS[operation].every((privilege) => this.#privileges.has(privilege));
  }

  /** Refuses with Polaris's sentence. */
  require(...operations: Operation[]): void {
    for (const operation of operations) {
      if (this.may(operation)) continue;
      const roles = `[${this.#roles.join(', ')}]`;
      throw forbidden(
        `Principal '${this.name}' with activated PrincipalRoles '${roles}' and activated grants via '${roles}' ` +
          `is not authorized for op ${operation}`,
      );
    }
  }
}
