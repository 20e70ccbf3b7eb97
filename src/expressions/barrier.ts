/**
 * What lies between the rows of a table and a text: the text sees only rows for which the condition is true, and of some columns another
 * form of their values. Nothing of the text is computed on what is hidden.
 */
export interface Barrier {
  /** SQL over the table's own values, its columns by their quoted names. */
  condition?: string;
  masks: MaskedColumn[];
}

export interface MaskedColumn {
  name: string;
  /** SQL over the column's own value, by its quoted name. */
  value: string;
}
