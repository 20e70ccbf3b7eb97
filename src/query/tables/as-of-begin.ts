/** The state that a table had when a transaction began, which its metadata log names (Iceberg specification, "Table Metadata", `metadata-log`). */
import { gunzipSync } from 'node:zlib';
import type { LoadedTable } from '../../catalog/contract.js';
import { SkuaError } from '../../errors.js';
import { parseJson } from '../../json.js';
import type { PinnedTable } from './pinned-table.js';
import type { Transaction } from './transaction.js';

/** How far the clocks of other writers may be ahead of this server's, in milliseconds. */
const CLOCKS_APART = 10_000;

/** How `asOfBegin` looks into the past. */
export interface LookBack {
  /** Whether this server has committed to the table since the transaction began. */
  isChangedHere: boolean;
  pin: (loaded: LoadedTable, loadedAt: number) => PinnedTable;
  signal: AbortSignal;
}

/**
 * The table as it was when the transaction began, where somebody changed it since. As it is, where that state is not to be had any more, and where
 * the catalog shows the caller a part of it, which it does of the current state alone. States bear the time of who wrote them: of other servers'
 * commits, those are taken to be older that may be so, since a transaction must never miss what its user has committed before it.
 */
export async function asOfBegin(
  { moment: { wall, monotonic } }: Transaction,
  table: PinnedTable,
  { isChangedHere, pin, signal }: LookBack,
): Promise<PinnedTable> {
  const { lastUpdatedMs, metadataLog, tableUuid } = table.metadata;
  const latest = isChangedHere ? wall : wall + CLOCKS_APART;
  // What seems to lie in the future was written by another clock, by which nothing can be told.
  if (lastUpdatedMs <= latest || lastUpdatedMs > Date.now() || table.restrictions) return table;
  const earlier = metadataLog.filter(({ timestampMs }) => timestampMs <= latest).at(-1);
  if (!earlier) return table;
  const metadata = await readMetadata(table, earlier.metadataFile, signal);
  if (metadata === undefined) return table;
  const loaded = { ...table.loaded, metadata, metadataLocation: earlier.metadataFile };
  const then = pin(loaded, monotonic);
  return then.metadata.tableUuid === tableUuid ? then : table;
}

/** Undefined where the file has been removed, or may not be read. */
async function readMetadata(table: PinnedTable, location: string, signal: AbortSignal): Promise<unknown> {
  try {
    const bytes = await table.storage.read(location, undefined, signal);
    return parseJson(Buffer.from(isCompressed(bytes) ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (error) {
    if (error instanceof SkuaError && (error.code === 'NOT_FOUND' || error.code === 'PERMISSION_DENIED'))
      return undefined;
    throw error;
  }
}

function isCompressed(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
