/** register_table. */
import { currentSnapshot, parseTableMetadata } from '../../iceberg/index.js';
import { catalogOf } from '../tables/tables.js';
import { required } from './parameter.js';
import { answer, type Procedure } from './procedure.js';
import { tableNamed } from './target.js';

/** Where the file may lie, and whether the caller may bring a table, is the catalog's to say. */
export const registerTable: Procedure = {
  parameters: [required('table', 'string'), required('metadata_file', 'string')],
  schema: answer({ current_snapshot_id: 'long?', total_records_count: 'long?', total_data_files_count: 'long?' }),
  async run(context, given) {
    const { catalog, namespace, name } = tableNamed(context, given);
    const metadataLocation = given.required(given.string, 'metadata_file');
    const loaded = await catalogOf(context, catalog).registerTable(namespace, { name, metadataLocation });
    const snapshot = currentSnapshot(parseTableMetadata(loaded.metadata));
    const total = (key: string) => {
      const text = snapshot?.summary[key];
      return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : null;
    };
    return [[snapshot?.snapshotId ?? null, total('total-records'), total('total-data-files')]];
  },
};
