/** Checks what a commit takes for granted (REST specification, `TableRequirement`). */
import { commitFailed, illegalArgument, unreadable } from '../request/error.js';
import { asObject, integerField, type JsonObject, optionalLong, stringField } from '../request/fields.js';
import type { KeptMetadata } from './model.js';

export function isCreate(requirements: readonly JsonObject[]): boolean {
  return requirements.some((requirement) => requirement.type === 'assert-create');
}

/** A table that is only being made meets no other requirement. */
export function checkCreation(requirements: readonly JsonObject[]): void {
  const others = requirements.filter(({ type }) => type !== 'assert-create');
  if (others.length === 0) return;
  const types = others.map(({ type }) => type).join(', ');
  throw illegalArgument(`Invalid create requirements: ${types}`);
}

/** Fails with 409 on the first requirement that the table doesn't meet. */
export function checkRequirements(requirements: readonly JsonObject[], base: KeptMetadata): void {
  for (const entry of requirements) checkRequirement(asObject(entry, 'update requirement'), base);
}

function checkRequirement(requirement: JsonObject, base: KeptMetadata): void {
  const type = stringField(requirement, 'type');
  const same = (name: string, actual: number, what: string) => {
    const expected = integerField(requirement, name);
    if (expected !== actual) {
      throw commitFailed(`Requirement failed: ${what} changed: expected id ${expected} != ${actual}`);
    }
  };
  switch (type) {
    case 'assert-create':
      throw commitFailed('Requirement failed: table already exists');
    case 'assert-table-uuid': {
      const uuid = stringField(requirement, 'uuid');
      if (uuid.toLowerCase() !== base.tableUuid.toLowerCase()) {
        throw commitFailed(`Requirement failed: UUID does not match: expected ${base.tableUuid} != ${uuid}`);
      }
      return;
    }
    case 'assert-ref-snapshot-id':
      checkReference(stringField(requirement, 'ref'), optionalLong(requirement, 'snapshot-id'), base);
      return;
    case 'assert-last-assigned-field-id':
      same('last-assigned-field-id', base.lastColumnId, 'last assigned field id');
      return;
    case 'assert-current-schema-id':
      same('current-schema-id', base.currentSchemaId, 'current schema');
      return;
    case 'assert-last-assigned-partition-id':
      same('last-assigned-partition-id', base.lastPartitionId, 'last assigned partition id');
      return;
    case 'assert-default-spec-id':
      same('default-spec-id', base.defaultSpecId, 'default partition spec');
      return;
    case 'assert-default-sort-order-id':
      same('default-sort-order-id', base.defaultSortOrderId, 'default sort order');
      return;
    default:
      throw unreadable();
  }
}

function checkReference(name: string, expected: bigint | undefined, base: KeptMetadata): void {
  const reference = base.refs[name];
  if (reference === undefined) {
    if (expected === undefined) return;
    throw commitFailed(`Requirement failed: branch or tag ${name} is missing, expected ${expected}`);
  }
  if (expected === undefined) {
    throw commitFailed(`Requirement failed: ${reference.type} ${name} was created concurrently`);
  }
  if (expected !== reference.snapshotId) {
    throw commitFailed(
      `Requirement failed: ${reference.type} ${name} has changed: expected id ${expected} != ${reference.snapshotId}`,
    );
  }
}
