/** The highest ids that a table has given, which its metadata may put too low: an id that is given twice would be two columns' at once. */
import { highestFieldId } from '../schema.js';
import type { TableMetadata } from '../types.js';

export function highestColumnId({ lastColumnId, schemas }: TableMetadata): number {
  return Math.max(lastColumnId, ...schemas.map(({ fields }) => highestFieldId(fields)));
}

export function highestPartitionId({ lastPartitionId, partitionSpecs }: TableMetadata): number {
  return Math.max(lastPartitionId, ...partitionSpecs.flatMap(({ fields }) => fields.map(({ fieldId }) => fieldId)));
}
