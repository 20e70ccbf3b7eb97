/** The session cookie that Arrow's clients keep. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The name that Arrow Flight's session middleware gives it. */
export const SESSION_COOKIE = 'arrow_flight_session_id';

export interface Owner {
  issuer: string;
  subject: string;
}

/** Makes and checks session ids that are good for one owner only. */
export class SessionIds {
  readonly #key: Buffer;

  constructor(key: Uint8Array = randomBytes(32)) {
    this.#key = Buffer.from(key);
  }

  create(owner: Owner): string {
    const id = randomBytes(16).toString('base64url');
    return `${id}.${this.#sign(owner, id).toString('base64url')}`;
  }

  belongs(owner: Owner, id: string): boolean {
    const [random, signature] = id.split('.');
    if (random === undefined || signature === undefined) return false;
    const given = Buffer.from(signature, 'base64url');
    const expected = this.#sign(owner, random);
    return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
  }

  #sign(owner: Owner, random: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify(['session', owner.issuer, owner.subject, random]))
      .digest();
  }
}

/** The session id in `cookie` headers (RFC 6265, section 4.2), if there is one. */
export function sessionIdFrom(cookieHeaders: readonly string[]): string | undefined {
  for (const header of cookieHeaders) {
    for (const pair of header.split(';')) {
      const [name, ...value] = pair.trim().split('=');
      if (name === SESSION_COOKIE) return value.join('=').replace(/^"(.*)"$/, '$1');
    }
  }
  return undefined;
}

/** The `set-cookie` header that gives a client its session id. */
export function setCookie(id: string): string {
  return `${SESSION_COOKIE}=${id}`;
}

/** The `set-cookie` header that takes it away again. */
export function clearCookie(): string {
  return `${SESSION_COOKIE}=; Max-Age=0`;
}
