import { randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';

export interface UserSettings {
  name: string;
  password: string;
  /** Realm roles. */
  roles: readonly string[];
}

export const DEFAULT_USERS: readonly UserSettings[] = [
  { name: 'adminuser', password: 'adminuser123', roles: ['catalog_admin', 'data_writer', 'table_reader'] },
  { name: 'testuser', password: 'testuser123', roles: ['table_reader'] },
  { name: 'analyst', password: 'analyst123', roles: ['analyst'] },
];

/** A user as kept: the password only as its scrypt hash. */
export interface User {
  /** Claim `sub`. */
  id: string;
  name: string;
  roles: string[];
  salt: string;
  hash: string;
}

/** A user from its settings; one that was known before keeps its id. */
export function settleUser(settings: UserSettings, known?: User): User {
  const salt = known?.salt ?? randomBytes(16).toString('hex');
  return {
    id: known?.id ?? randomUUID(),
    name: settings.name,
    roles: [...settings.roles],
    salt,
    hash: hashPassword(settings.password, salt),
  };
}

export function passwordMatches(user: User, password: string): boolean {
  return timingSafeEqual(Buffer.from(user.hash, 'hex'), Buffer.from(hashPassword(password, user.salt), 'hex'));
}

function hashPassword(password: string, salt: string): string {
  return scryptSync(password, salt, 32, { N: 4096 }).toString('hex');
}
