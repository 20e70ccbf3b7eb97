/** Files of tables that nothing names. */
import { createMetadataCache, forEachLocation, parseTableMetadata } from '../../dist/iceberg/index.js';
import { parseJson } from '../../dist/json.js';
import { openStorage } from '../../dist/storage/index.js';

/**
 * Locations below the tables of the schema `demo` that their metadata does not name; the files of the metadata itself are the catalog's. `storage` is
 * what `openStorage` takes.
 */
export async function orphansOf(tables, { catalogUri, token, storage: [access, options] }) {
  const storage = openStorage(access, options);
  const found = [];
  for (const table of tables) {
    const answer = await fetch(`${catalogUri}/v1/quickstart/namespaces/demo/tables/${table}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const metadata = parseTableMetadata(parseJson(await answer.text()).metadata);
    const files = new Set();
    for await (const { location } of storage.list(`${metadata.location}/`)) {
      if (!location.endsWith('.metadata.json')) files.add(location);
    }
    await forEachLocation({ metadata, storage, cache: createMetadataCache(1 << 24) }, (location) =>
      files.delete(location),
    );
    found.push(...files);
  }
  return found;
}
