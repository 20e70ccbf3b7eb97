/** What outlives one call for one principal: current names, options, the engine instance, an open transaction. */
export interface Session {
  readonly id: string;
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
  resource<T>(key: symbol, create: () => Promise<T>, dispose: (value: T) => Promise<void>): Promise<T>;
}

export type SessionOption = string | boolean | bigint | number | string[];
