"""Position deletes, which PyIceberg reads but does not write: a delete file for each partition, committed as a snapshot of its own."""

import uuid
from collections import defaultdict

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestContent, ManifestEntry, ManifestEntryStatus, ManifestWriterV2
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _FastAppendFiles

PATH_ID = 2147483546
SCHEMA = pa.schema(
    [
        pa.field("file_path", pa.string(), False, {"PARQUET:field_id": str(PATH_ID)}),
        pa.field("pos", pa.int64(), False, {"PARQUET:field_id": "2147483545"}),
    ]
)


def delete_positions(table, random):
    """Deletes some random rows of some files; how many."""
    by_partition = defaultdict(list)
    for task in table.scan().plan_files():
        by_partition[(task.file.spec_id, repr(task.file.partition))].append(task.file)
    deletes = []
    for files in by_partition.values():
        if random.random() < 0.5:
            rows = [(file.file_path, position) for file in files for position in range(file.record_count) if random.random() < 0.3]
            if rows:
                deletes.append(write(table, files[0], sorted(rows), random))
    if not deletes:
        return 0
    with table.transaction() as transaction:
        producer = DeleteFiles(operation=Operation.OVERWRITE, transaction=transaction, io=table.io)
        producer.deletes = deletes
        producer.commit()
    return sum(file.record_count for file in deletes)


def write(table, data_file, rows, random):
    location = f"{table.location()}/data/{uuid.uuid4()}-deletes.parquet"
    with table.io.new_output(location).create() as sink:
        pq.write_table(pa.Table.from_arrays([pa.array(column) for column in zip(*rows)], schema=SCHEMA), sink)
    paths = [path.encode() for path, _ in rows]
    bounds = {} if random.random() < 0.5 else {"lower_bounds": {PATH_ID: min(paths)}, "upper_bounds": {PATH_ID: max(paths)}}
    file = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES,
        file_path=location,
        file_format=FileFormat.PARQUET,
        partition=data_file.partition,
        record_count=len(rows),
        file_size_in_bytes=len(table.io.new_input(location)),
        **bounds,
    )
    file.spec_id = data_file.spec_id
    return file


class DeleteManifestWriter(ManifestWriterV2):
    def content(self):
        return ManifestContent.DELETES

    @property
    def _meta(self):
        return {**super()._meta, "content": "deletes"}


class DeleteFiles(_FastAppendFiles):
    deletes = ()

    def _manifests(self):
        by_spec = defaultdict(list)
        for file in self.deletes:
            by_spec[file.spec_id].append(file)
        manifests = []
        for spec_id, files in by_spec.items():
            with DeleteManifestWriter(
                self.spec(spec_id), self.schema(), self.new_manifest_output(), self.snapshot_id, self._compression
            ) as writer:
                for file in files:
                    writer.add(
                        ManifestEntry.from_args(
                            status=ManifestEntryStatus.ADDED,
                            snapshot_id=self.snapshot_id,
                            sequence_number=None,
                            file_sequence_number=None,
                            data_file=file,
                        )
                    )
            manifests.append(writer.to_manifest_file())
        return manifests + self._existing_manifests()
