/** A value in canonical text: ISO dates and timestamps (UTC, micro- or nanoseconds), plain decimals, lower-case hex for bytes. */
export interface Literal {
  type:
    | 'boolean'
    | 'integer'
    | 'decimal'
    | 'float'
    | 'string'
    | 'date'
    | 'time'
    | 'timestamp'
    | 'timestamptz'
    | 'binary'
    | 'uuid';
  text: string;
}
