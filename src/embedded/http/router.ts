/** Finds the handler of a method and a path. */
export interface Route<Handler> {
  /** `GET /v1/{prefix}/namespaces` */
  pattern: string;
  handler: Handler;
}

export type Match<Handler> =
  | { kind: 'found'; pattern: string; handler: Handler; parameters: Record<string, string> }
  | { kind: 'no-such-path' }
  | { kind: 'no-such-method' };

export class Router<Handler> {
  readonly #routes: { pattern: string; method: string; names: string[]; expression: RegExp; handler: Handler }[];

  constructor(routes: readonly Route<Handler>[]) {
    this.#routes = routes.map(({ pattern, handler }) => {
      const [method = '', path = ''] = pattern.split(' ');
      const names: string[] = [];
      const expression = path.replace(/\{([^}]+)\}/g, (_, name: string) => {
        names.push(name);
        return '([^/]+)';
      });
      return { pattern, method, names, expression: new RegExp(`^${expression}$`), handler };
    });
  }

  /** Parameters come percent-decoded. */
  match(method: string, path: string): Match<Handler> {
    let pathKnown = false;
    for (const route of this.#routes) {
      const values = route.expression.exec(path);
      if (values === null) continue;
      pathKnown = true;
      if (route.method !== method) continue;
      const parameters: Record<string, string> = {};
      route.names.forEach((name, at) => {
        parameters[name] = decodeURIComponent(values[at + 1] ?? '');
      });
      return { kind: 'found', pattern: route.pattern, handler: route.handler, parameters };
    }
    return { kind: pathKnown ? 'no-such-method' : 'no-such-path' };
  }
}
