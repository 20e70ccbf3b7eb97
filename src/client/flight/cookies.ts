import type { Metadata } from '@grpc/grpc-js';

/** Cookies that a server sets, sent back on every later call: this is how calls find their session again. */
export class CookieJar {
  readonly #enabled: boolean;
  readonly #cookies = new Map<string, string>();

  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  store(metadata: Metadata): void {
    if (!this.#enabled) return;
    for (const header of metadata.get('set-cookie')) {
      const [pair = '', ...attributes] = String(header).split(';');
      const equals = pair.indexOf('=');
      if (equals === -1) continue;
      const name = pair.slice(0, equals).trim();
      const isOver = attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute));
      if (isOver) this.#cookies.delete(name);
      else this.#cookies.set(name, pair.slice(equals + 1).trim());
    }
  }

  apply(metadata: Metadata): void {
    if (this.#cookies.size === 0) return;
    metadata.set('cookie', [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '));
  }
}
