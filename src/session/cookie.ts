/** The session cookie that Arrow's clients keep. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The name that Arrow Flight's session middleware gives it. */
export const SESSION_COOKIE = 'arrow_flight_session_id';

export interface Owner {
  issuer: string;
  subject: string;
}

/** What a client sends of its session: its id, and what it carries. */
export interface SentSession {
  id: string;
  /** As it was written. */
  carried: string | undefined;
}

/** Makes and checks session ids, and what goes with them, that are good for one owner only. */
export class SessionIds {
  /** Newest first. */
  readonly #keys: readonly Buffer[];

  /** Ids that one of the previous keys signed are good too. */
  constructor(key: Uint8Array = randomBytes(32), previous: readonly Uint8Array[] = []) {
    this.#keys = [key, ...previous].map((each) => Buffer.from(each));
  }

  create(owner: Owner): string {
    const id = randomBytes(16).toString('base64url');
    return `${id}.${sign(this.#keys[0] as Buffer, owner, [id])}`;
  }

  /** The id with what the client shall carry. */
  write(owner: Owner, id: string, carried: string): string {
    const text = Buffer.from(carried, 'utf8').toString('base64url');
    return `${id}.${text}.${sign(this.#keys[0] as Buffer, owner, [id, text])}`;
  }

  /** Undefined where it is not the owner's. What is not signed as a whole is not carried. */
  read(owner: Owner, sent: string): SentSession | undefined {
    const [random = '', signature = '', text, ofText = ''] = sent.split('.');
    if (!this.#isSigned(signature, owner, [random])) return undefined;
    const id = `${random}.${signature}`;
    const isCarried = text !== undefined && this.#isSigned(ofText, owner, [id, text]);
    return { id, carried: isCarried ? Buffer.from(text, 'base64url').toString('utf8') : undefined };
  }

  #isSigned(signature: string, owner: Owner, parts: readonly string[]): boolean {
    const given = Buffer.from(signature);
    return this.#keys.some((key) => {
      const expected = Buffer.from(sign(key, owner, parts));
      return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
    });
  }
}

function sign(key: Buffer, owner: Owner, parts: readonly string[]): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(['session', owner.issuer, owner.subject, ...parts]))
    .digest('base64url');
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

/** The `set-cookie` header that gives a client its session. */
export function setCookie(session: string): string {
  return `${SESSION_COOKIE}=${session}`;
}

/** The `set-cookie` header that takes it away again. */
export function clearCookie(): string {
  return `${SESSION_COOKIE}=; Max-Age=0`;
}
