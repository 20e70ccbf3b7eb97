/** What a session in a cluster is set to. */

export interface ClusterCatalog {
  uri: string;
  warehouse?: string | undefined;
  /** Asks the catalog for credentials that open the tables. */
  vendsCredentials: boolean;
}

export type ClusterCatalogs = Readonly<Record<string, ClusterCatalog>>;

/** What a catalog is called in the cluster: nothing that is configured there goes by that name, and no property ends at a dot in it. */
export function catalogName(name: string): string {
  return `skua_${name.replaceAll(/[^A-Za-z0-9]/gu, (odd) => `_${odd.codePointAt(0)?.toString(16)}_`)}`;
}

/** So that both engines mean the same by the same text. */
const MEANING: Record<string, string> = {
  'spark.sql.ansi.enabled': 'true',
  'spark.sql.session.timeZone': 'UTC',
  'spark.sql.decimalOperations.allowPrecisionLoss': 'false',
  'spark.sql.caseSensitive': 'false',
  'spark.sql.groupByOrdinal': 'true',
  'spark.sql.orderByOrdinal': 'true',
  'spark.sql.parser.escapedStringLiterals': 'false',
};

/** So that batches come as they are passed on: uncompressed, with offsets of 32 bits. */
const BATCHES: Record<string, string> = {
  'spark.sql.execution.arrow.maxRecordsPerBatch': '65536',
  'spark.sql.execution.arrow.useLargeVarTypes': 'false',
  'spark.sql.execution.arrow.compression.codec': 'none',
};

/** A catalog there asks with the caller's token, and neither exchanges nor renews it. */
export function sessionProperties(
  catalogs: ClusterCatalogs,
  token: string,
  extra: Readonly<Record<string, string>>,
): Record<string, string> {
  const entries = Object.entries(catalogs).flatMap(([name, { uri, warehouse, vendsCredentials }]) => {
    const key = `spark.sql.catalog.${catalogName(name)}`;
    const properties: Record<string, string> = {
      type: 'rest',
      uri,
      ...(warehouse !== undefined && { warehouse }),
      token,
      'rest.auth.type': 'oauth2',
      'token-refresh-enabled': 'false',
      'token-exchange-enabled': 'false',
      // What another session of the cluster has loaded serves nobody else.
      'cache-enabled': 'false',
      ...(vendsCredentials && { 'header.X-Iceberg-Access-Delegation': 'vended-credentials' }),
      ...extra,
    };
    const written = Object.entries(properties).map(([property, value]) => [`${key}.${property}`, value]);
    return [[key, 'org.apache.iceberg.spark.SparkCatalog'], ...written];
  });
  return { ...MEANING, ...BATCHES, ...Object.fromEntries(entries) };
}
