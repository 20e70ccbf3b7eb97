/** One story told of two tables: what procedures answer, and what there is afterwards by each reader. */
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of what two writers made of the same rows differ; half as much and twice as much is the same. */
const bytesAlike = (one, other) => Math.max(one, other) <= 2 * Math.min(one, other) + 4096;
const FIVE_DAYS = 5 * 86_400;

/** `problems` gets a line for each difference that the story does not explain. */
export async function tell(world, story, index, problems) {
  const sides = [];
  for (const who of ['skua', 'spark']) sides.push(await made(world, story, { who, name: `t_${index}_${who}` }));
  const report = (what, found) => {
    const line = `${story.name}: ${what}\n${found.map((one, side) => `      ${sides[side].who.padEnd(5)} ${one}`).join('\n')}`;
    console.log(`  DIFFERS ${line}`);
    problems.push(line);
  };
  await compareRows(world, story, sides, 'the beginning', report);
  let areAlike = true;
  for (const step of story.calls) {
    const { call, differs } = typeof step === 'string' ? { call: step } : step;
    const answers = await Promise.all(sides.map((side) => answered(world, side, call)));
    const shown = answers.map(({ rows, error }) => error ?? rows.map((row) => row.join(' ')).join('; '));
    console.log(`  ${call}\n    Skua  ${shown[0]}\n    Spark ${shown[1]}`);
    if (differs) console.log(`    differs: ${differs}`);
    else if (!sameAnswers(answers, areAlike)) report(call, shown);
    if (answers.some(({ error }) => !error)) {
      await compareRows(world, story, sides, call, report);
      areAlike = (await compareFiles(world, sides, call, differs ? () => undefined : report)) && areAlike;
    }
  }
  await compareRows(world, story, sides, 'all', report);
  if (story.orphans !== false) await compareOrphans(world, sides, report);
}

async function made(world, story, { who, name }) {
  const side = {
    who,
    name,
    table: `quickstart.demo.${name}`,
    folder: join(world.warehouse, 'demo', name),
    snapshots: [],
  };
  for (const line of story.setup) {
    const [, by = 'skua', sql] = /^(?:(spark|skua):\s*)?([\s\S]*)$/.exec(line);
    await world[by](filled(side, sql));
    await learn(world, side);
  }
  return side;
}

async function learn(world, side) {
  const [, ...rows] = await world
    .skua(
      `SELECT snapshot_id, epoch_ms(committed_at) FROM demo."${side.name}$snapshots" ORDER BY committed_at, snapshot_id`,
    )
    .catch(() => [[]]);
  for (const [id, time] of rows) {
    if (!side.snapshots.some((one) => one.id === String(id)))
      side.snapshots.push({ id: String(id), time: Number(time) });
  }
}

/** `$` is the table, `#n` its nth snapshot, `@n` the time of that, `~` the folder of its files. */
function filled(side, sql) {
  return sql
    .replaceAll('$', side.table)
    .replace(/#(\d+)/g, (_, at) => side.snapshots[at - 1].id)
    .replace(
      /@(\d+)/g,
      (_, at) =>
        `TIMESTAMP '${new Date(side.snapshots[at - 1].time).toISOString().replace('T', ' ').replace('Z', '')}'`,
    )
    .replaceAll('~', side.folder);
}

async function answered(world, side, call) {
  const sql = filled(side, `CALL quickstart.system.${call}`);
  try {
    const found = await world[side.who](sql);
    await learn(world, side);
    const ids = idsOf(side);
    const spelled = (value) =>
      ids.get(String(value)) ??
      String(value)
        .replace(/^.*\/(?:metadata|data)\//, '…/')
        .replaceAll(side.name, 't');
    const [names, ...rows] = found;
    return { rows: [names, ...rows.map((row) => row.map(spelled))] };
  } catch (error) {
    return { error: `error ${error.message.replaceAll(side.name, 't').slice(0, 300)}` };
  }
}

/** Of tables with other files by now, the same columns. */
function sameAnswers([one, other], areAlike) {
  if (one.error || other.error) return Boolean(one.error) === Boolean(other.error);
  const [names, ...rows] = one.rows;
  const [others, ...theirs] = other.rows;
  if (String(names) !== String(others) || rows.length !== theirs.length) return false;
  if (!areAlike) return true;
  return rows.every((row, at) => row.every((value, column) => sameValue(names[column], value, theirs[at][column])));
}

/**
 * Skua removes position deletes with the last file that they are about, where Spark leaves them until it is told, and writes rows of an earlier spec into
 * fewer files. What has only removed files is no manifest that it would have to write.
 */
function sameValue(name, one, other) {
  if (name === 'removed_delete_files_count') return Number(one) >= Number(other);
  if (/^added_(data_files|manifests)_count$/.test(name)) return Number(one) <= Number(other);
  if (/bytes/.test(name)) return bytesAlike(Number(one), Number(other));
  if (/location|statistics_file|timestamp/.test(name)) return true;
  return String(one) === String(other).replace(/^(?:None|null)$/, 'null');
}

/** By Skua after each call; by the others once all is done, since they take their time. */
async function compareRows(world, story, sides, after, report) {
  const everywhere = after === 'all';
  for (const branch of story.branches ?? ['']) {
    for (const reader of everywhere ? ['spark', 'skua'] : ['skua']) {
      const version = branch && `${reader === 'skua' ? ' FOR' : ''} VERSION AS OF '${branch}'`;
      const sql = `SELECT ${story.select ?? '*'} FROM $${version}`;
      await compare(`rows of ${branch || 'main'} by ${reader} after ${after}`, sides, report, (side) =>
        world[reader](filled(side, sql)).then(([, ...rows]) => rows),
      );
    }
  }
  if (everywhere && story.pyiceberg !== false) {
    await compare('rows by pyiceberg', sides, report, (side) => world.pyiceberg(`demo.${side.name}`));
  }
}

async function compare(what, sides, report, read) {
  const found = [];
  for (const side of sides) found.push(asText(await read(side).catch((error) => [[error.message.slice(0, 300)]])));
  if (found[0] === found[1]) return;
  const lines = found.map((text) => text.split('\n'));
  report(
    what,
    lines.map(
      (own, at) =>
        `${own.length} rows; ${own
          .filter((line) => !lines[1 - at].includes(line))
          .slice(0, 3)
          .join(' ')}`,
    ),
  );
}

/** Whether they are alike; Skua may have left fewer. */
async function compareFiles(world, sides, after, report) {
  const found = [];
  for (const side of sides) {
    const table = (kind) => `demo."${side.name}$${kind}"`;
    const [, ...kinds] = await world.skua(
      `SELECT content, spec_id, count(*), sum(record_count) FROM ${table('files')} GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    const [, [manifests]] = await world.skua(`SELECT count(*) FROM ${table('manifests')}`);
    const [, [snapshots]] = await world.skua(`SELECT count(*) FROM ${table('snapshots')}`);
    const [, ...refs] = await world.skua(`SELECT name, type, snapshot_id FROM ${table('refs')} ORDER BY 1`);
    const ids = idsOf(side);
    const named = refs.map(([name, type, id]) => `${type} ${name} ${ids.get(String(id))}`);
    const [data, deletes] = [0, 1].map((content) => kinds.filter(([own]) => (content === 0) === (own === 0)));
    found.push({
      data: data.map((row) => row.slice(1).join('/')).join(' '),
      files: data.reduce((sum, [, , count]) => sum + Number(count), 0),
      deletes: deletes.reduce((sum, [, , count]) => sum + Number(count), 0),
      manifests: Number(manifests),
      rest: `refs ${named.map((ref) => ref.replace(/ #\d+$/, '')).join(' ')}`,
      shown: `snapshots ${snapshots}, refs ${named.join(' ')}`,
    });
  }
  const lines = found.map(
    (one) => `data ${one.data}, deletes ${one.deletes}, manifests ${one.manifests}, ${one.shown}`,
  );
  console.log(`    ${lines.join('\n    ')}`);
  const [own, other] = found;
  const isWorse = ['files', 'deletes', 'manifests'].some((kind) => own[kind] > other[kind]);
  if (isWorse || own.rest !== other.rest) report(`files after ${after}`, lines);
  return lines[0] === lines[1];
}

function idsOf({ snapshots }) {
  return new Map(snapshots.map(({ id }, at) => [id, `#${at + 1}`]));
}

function asText(rows) {
  return rows
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? Number(value) : value)))
    .sort()
    .join('\n');
}

/** All files are made old, and each engine looks for orphans in the other's table. */
async function compareOrphans(world, sides, report) {
  for (const side of sides) age(side.folder);
  for (const engine of ['skua', 'spark']) {
    const found = [];
    for (const side of sides) {
      const sql = filled(side, "CALL quickstart.system.remove_orphan_files(table => '$', dry_run => true)");
      const [, ...rows] = await world[engine](sql).catch((error) => [[], [`error ${error.message.slice(0, 200)}`]]);
      found.push(
        rows
          .map(([location]) => location)
          .sort()
          .join(' '),
      );
    }
    if (found[0] !== '' || /error/.test(found[1])) report(`orphans by ${engine}`, found);
  }
}

function age(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const time = Date.now() / 1000 - FIVE_DAYS;
    utimesSync(join(entry.parentPath ?? entry.path, entry.name), time, time);
  }
}
