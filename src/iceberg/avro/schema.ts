/** Avro schemas with Iceberg's attributes (Iceberg spec, Appendix A, "Avro"). */
export type AvroSchema = string | AvroSchema[] | AvroComplex;

export interface AvroComplex {
  type: AvroSchema;
  name?: string;
  namespace?: string;
  logicalType?: string;
  precision?: number;
  scale?: number;
  /** Of `fixed`, in bytes. */
  size?: number;
  'adjust-to-utc'?: boolean;
  'element-id'?: number;
  'key-id'?: number;
  'value-id'?: number;
  symbols?: string[];
  fields?: AvroField[];
  items?: AvroSchema;
  values?: AvroSchema;
}

export interface AvroField {
  name: string;
  type: AvroSchema;
  doc?: string;
  default?: unknown;
  'field-id'?: number;
}

/** A schema's type in canonical form: primitives given as `{"type": "long"}` too. */
export function complexOf(schema: AvroSchema): AvroComplex {
  if (typeof schema === 'string' || Array.isArray(schema)) return { type: schema };
  if (typeof schema.type === 'object' && !Array.isArray(schema.type)) return complexOf(schema.type);
  return schema;
}
