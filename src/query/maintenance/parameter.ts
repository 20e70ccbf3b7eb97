/** A parameter of a procedure. */

/** `map` is of strings; a `timestamp` comes as milliseconds since the epoch. */
export type ParameterType = 'string' | 'long' | 'int' | 'boolean' | 'timestamp' | 'map' | 'strings' | 'longs';

export interface Parameter {
  name: string;
  type: ParameterType;
  isRequired?: boolean;
}

export function required(name: string, type: ParameterType): Parameter {
  return { name, type, isRequired: true };
}

export function optional(name: string, type: ParameterType): Parameter {
  return { name, type };
}
