/** Scans that the catalog plans for its clients (REST specification, `planTableScan`, `fetchPlanningResult`, `fetchScanTasks`, `cancelPlanning`). */
import { messageOf, SkuaError } from '../../errors.js';
import {
  contentFileToJson,
  type FileTask,
  filterFromJson,
  parseTableMetadata,
  planAppends,
  planScan,
  type ScanPlan,
  type ScanRequest,
  schemaOf,
  type TableMetadata,
  UnreadableExpression,
} from '../../iceberg/index.js';
import { tableDocument } from '../metadata/document.js';
import { badRequest, notFound } from '../request/error.js';
import { type JsonObject, optionalBoolean, stringField } from '../request/fields.js';
import { type Call, type CatalogContext, type Handler, noContent, ok, tableOf } from './context.js';
import { authorizeLoad, delegationRequested, vend } from './delegation.js';
import type { Plan } from './plans.js';
import { existingTable } from './tables.js';

const PAGE_SIZE = 1_000;

export const planTableScan: Handler = async (context, call) => {
  const identifier = tableOf(call);
  const entry = existingTable(context.store.state, identifier);
  const mode = delegationRequested(context, call);
  authorizeLoad(call, mode !== undefined);
  const { delay = 0 } = context.plans.options;
  const request = await call.body();
  const metadata = parseTableMetadata(tableDocument(await context.files.table(entry.metadataLocation)));
  const scan = scanOf(metadata, request);
  const credentials = mode === 'vended-credentials' ? await vend(context, identifier, entry.location, 'read') : [];
  const caller = call.caller.name;
  const answering = { context, call, metadata, filter: request.filter };
  const result = planned(context, metadata, scan).then((plan) => ({
    ...resultOf(answering, plan),
    ...(credentials.length > 0 && { 'storage-credentials': credentials }),
  }));
  result.catch(() => undefined);
  const table = JSON.stringify(identifier);
  const plan: Plan = { table, caller, result, readyAt: Date.now() + delay, isCancelled: false };
  const id = context.plans.add(plan);
  if (delay > 0) return ok({ status: 'submitted', 'plan-id': id });
  return ok({ ...(await outcomeOf(plan)), 'plan-id': id });
};

export const fetchPlanningResult: Handler = async (context, call) => {
  const plan = planOf(context, call);
  if (plan.isCancelled) return ok({ status: 'cancelled' });
  return ok(
    plan.readyAt > Date.now() ? { status: 'submitted', 'plan-id': call.parameters['plan-id'] } : await outcomeOf(plan),
  );
};

export const cancelPlanning: Handler = async (context, call) => {
  planOf(context, call).isCancelled = true;
  context.plans.remove(call.parameters['plan-id'] ?? '');
  return noContent;
};

export const fetchScanTasks: Handler = async (context, call) => {
  existingTable(context.store.state, tableOf(call));
  authorizeLoad(call, false);
  const task = stringField(await call.body(), 'plan-task');
  return ok(context.plans.page(task, call.caller.name));
};

function planOf(context: CatalogContext, call: Call): Plan {
  const identifier = tableOf(call);
  existingTable(context.store.state, identifier);
  authorizeLoad(call, false);
  return context.plans.get(call.parameters['plan-id'] ?? '', JSON.stringify(identifier), call.caller.name);
}

/** A plan that can't be made is an answer too. */
async function outcomeOf({ result }: Plan): Promise<JsonObject> {
  try {
    return { status: 'completed', ...(await result) };
  } catch (error) {
    const code = error instanceof SkuaError && error.code === 'NOT_FOUND' ? 404 : 500;
    return { status: 'failed', error: { message: messageOf(error), type: 'PlanningFailedException', code } };
  }
}

type Scan = Pick<ScanRequest, 'snapshotId' | 'schema' | 'filter' | 'statistics'> & { after?: bigint };

/** What a `PlanTableScanRequest` asks for. */
function scanOf(metadata: TableMetadata, request: JsonObject): Scan {
  const id = (name: string) => {
    const value = request[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' && typeof value !== 'bigint') throw badRequest(`Invalid ${name}`);
    return BigInt(value);
  };
  const [own, start, end] = [id('snapshot-id'), id('start-snapshot-id'), id('end-snapshot-id')];
  if (own !== undefined && (start !== undefined || end !== undefined)) {
    throw badRequest('Either a snapshot or a range of snapshots can be planned');
  }
  if ((start === undefined) !== (end === undefined)) throw badRequest('A range of snapshots has two ends');
  const snapshotId = own ?? end ?? metadata.currentSnapshotId;
  const ofSnapshot = optionalBoolean(request, 'use-snapshot-schema') ?? false;
  const isThere = metadata.snapshots.some((snapshot) => snapshot.snapshotId === snapshotId);
  if (snapshotId !== undefined && !isThere) throw notFound(`Snapshot does not exist: ${snapshotId}`);
  const schema = schemaOf(metadata, ofSnapshot ? snapshotId : undefined);
  const fields = Array.isArray(request['stats-fields']) ? request['stats-fields'] : [];
  const statistics = schema.fields.filter(({ name }) => fields.includes(name)).map((field) => field.id);
  return {
    ...(snapshotId !== undefined && { snapshotId }),
    ...(start !== undefined && { after: start }),
    schema,
    ...filterOf(request.filter, schema),
    statistics,
  };
}

function filterOf(json: unknown, schema: ScanRequest['schema'] & object): Pick<ScanRequest, 'filter'> {
  if (json === undefined || json === null) return {};
  try {
    const filter = filterFromJson(json, schema);
    return filter ? { filter } : {};
  } catch (error) {
    if (error instanceof UnreadableExpression) throw badRequest(`Invalid filter: ${error.message}`);
    throw error;
  }
}

function planned(context: CatalogContext, metadata: TableMetadata, { after, ...scan }: Scan): Promise<ScanPlan> {
  const request: ScanRequest = { metadata, ...scan, storage: storageOf(context) };
  return after === undefined ? planScan(request) : planAppends({ ...request, after });
}

/** The catalog's own way to the warehouse, for reading alone. */
function storageOf({ warehouse }: CatalogContext): ScanRequest['storage'] {
  const whole = async (location: string) => {
    const bytes = await warehouse.read(location);
    if (bytes) return bytes;
    throw new SkuaError('NOT_FOUND', `The object '${location}' does not exist.`);
  };
  const refuse = () => {
    throw new SkuaError('PERMISSION_DENIED', 'Planning changes nothing');
  };
  return {
    async read(location, range) {
      const bytes = await whole(location);
      return range ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
    },
    size: async (location) => (await whole(location)).length,
    write: async () => refuse(),
    upload: async () => refuse(),
    remove: async () => refuse(),
    list: () => refuse(),
  };
}

interface Answering {
  context: CatalogContext;
  call: Call;
  metadata: TableMetadata;
  /** As it was asked for. */
  filter: unknown;
}

/** One page at once, and tasks by which the others are fetched. */
function resultOf(answering: Answering, { tasks }: ScanPlan): JsonObject {
  const { context, call } = answering;
  const { pageSize = PAGE_SIZE } = context.plans.options;
  const pages: JsonObject[] = [];
  for (let start = 0; start < tasks.length || start === 0; start += pageSize) {
    pages.push(pageOf(answering, tasks.slice(start, start + pageSize)));
  }
  const [first, ...others] = pages;
  if (others.length === 0) return { ...first };
  return { ...first, 'plan-tasks': others.map((page) => context.plans.addPage(call.caller.name, page)) };
}

function pageOf({ context, call, metadata, filter }: Answering, tasks: readonly FileTask[]): JsonObject {
  const deletes = [...new Set(tasks.flatMap((task) => task.deletes))];
  const toJson = (file: Parameters<typeof contentFileToJson>[1]) => {
    const json = contentFileToJson(metadata, file);
    return context.plans.options.signed ? { ...json, 'file-path': addressOf(context, call, file.location) } : json;
  };
  return {
    'delete-files': deletes.map(toJson),
    'file-scan-tasks': tasks.map((task) => ({
      'data-file': toJson(task.file),
      ...(task.deletes.length > 0 && { 'delete-file-references': task.deletes.map((one) => deletes.indexOf(one)) }),
      ...(filter !== undefined && filter !== null && { 'residual-filter': filter }),
    })),
  };
}

function addressOf({ warehouse, addresses, plans }: CatalogContext, { headers }: Call, location: string): string {
  const seconds = plans.options.signedFor ?? 900;
  return warehouse.presign?.(location, seconds) ?? `http://${headers.host}${addresses.pathOf(location, seconds)}`;
}
