/** What outlives one call for one principal: current names, options, the engine instance, an open transaction. */
export interface Session {
  readonly id: string;
  /** By which other rooms keep what belongs to the session; the same for every view of it. */
  readonly root: object;
  /** `issuer` and `subject` of the principal that owns the session. */
  readonly owner: { issuer: string; subject: string };
  /** Current catalog and schema; the schema is a namespace path, one entry a level. */
  catalog: string | undefined;
  schema: string[] | undefined;
  /** Session options besides `catalog` and `schema`, by name. */
  readonly options: Map<string, SessionOption>;
  /**
   * State that another room keeps for the session, made on first use and disposed of when the session ends: the engine instance, prepared
   * statements, the open transaction.
   */
  resource<T>(key: symbol, create: () => Promise<T>, dispose: (value: T) => Promise<void>, held?: Held<T>): Promise<T>;
}

/** What a resource holds at this moment that a user would miss at another server, as they would name it; undefined for nothing. */
export type Held<T> = (value: T) => string | undefined;

export type SessionOption = string | boolean | bigint | number | string[];

/** Current names, and options that are others than the session's. */
export type ChosenNames = Pick<Session, 'catalog' | 'schema'> & { options?: ReadonlyMap<string, SessionOption> };

/**
 * A session whose current names are others for one statement. A statement that changes them, such as USE, changes them in the session itself
 * too.
 */
export function withNames(session: Session, names: ChosenNames): Session {
  let { catalog, schema } = names;
  return {
    id: session.id,
    root: session.root,
    owner: session.owner,
    options: names.options ? new OverlaidOptions(session.options, names.options) : session.options,
    resource: (key, create, dispose, held) => session.resource(key, create, dispose, held),
    get catalog() {
      return catalog;
    },
    set catalog(value) {
      catalog = value;
      session.catalog = value;
    },
    get schema() {
      return schema;
    },
    set schema(value) {
      schema = value;
      session.schema = value;
    },
  };
}

/** What is set or deleted here is so in the session too. */
class OverlaidOptions extends Map<string, SessionOption> {
  readonly #below: Map<string, SessionOption>;

  constructor(below: Map<string, SessionOption>, above: ReadonlyMap<string, SessionOption>) {
    super();
    this.#below = below;
    for (const [name, value] of [...below, ...above]) super.set(name, value);
  }

  override set(name: string, value: SessionOption): this {
    this.#below.set(name, value);
    return super.set(name, value);
  }

  override delete(name: string): boolean {
    this.#below.delete(name);
    return super.delete(name);
  }
}
