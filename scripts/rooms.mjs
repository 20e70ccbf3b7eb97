/**
 * Holds the arrows between the rooms of `src/`: which room may import which, only by its public face (`index.ts`, or `contract.ts`, `types.ts` and `protocol.ts`, which hold only words), and no file
 * by a circle; and that private members are `#name`. `docs/architecture.md` draws the same table, which is checked too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What each room may import besides the small files at the top of `src/`. */
const arrows = {
  arrow: [],
  sql: [],
  config: [],
  expressions: [],
  storage: ['config'],
  session: ['config'],
  auth: ['config'],
  parquet: ['storage', 'expressions', 'arrow'],
  iceberg: ['storage', 'expressions', 'parquet', 'arrow'],
  catalog: ['auth', 'iceberg', 'storage', 'config'],
  governance: ['iceberg', 'expressions'],
  engine: ['expressions', 'arrow', 'sql', 'iceberg', 'parquet', 'storage', 'governance'],
  query: ['engine', 'catalog', 'iceberg', 'governance', 'session', 'auth', 'storage', 'expressions', 'arrow', 'sql'],
  formats: ['arrow'],
  admission: ['query', 'session', 'auth'],
  flight: ['admission', 'query', 'session', 'auth', 'arrow'],
  observe: ['query', 'sql'],
  http: ['admission', 'observe', 'query', 'session', 'auth', 'arrow', 'formats', 'sql'],
  cluster: ['flight', 'auth'],
  client: ['arrow', 'flight', 'formats'],
  shell: ['client', 'arrow', 'sql'],
  embedded: ['iceberg', 'storage'],
  server: [
    'admission',
    'cluster',
    'flight',
    'http',
    'observe',
    'query',
    'session',
    'auth',
    'catalog',
    'engine',
    'iceberg',
    'parquet',
    'storage',
    'config',
    'sql',
  ],
  commands: ['server', 'client', 'shell', 'embedded', 'config', 'auth', 'arrow', 'sql'],
};

/** Files that other rooms import: a room's own face, or one that stands for a part of it. */
const faces = /^(index|contract|types|protocol)\.ts$/;

/** Which engine runs the statements is known to who starts it; all others know the contract. */
const startsEngines = 'server';

const files = readdirSync(join(root, 'src'), { recursive: true })
  .map((path) => String(path).split(sep).join('/'))
  .filter((path) => path.endsWith('.ts'));
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const problems = [];

for (const [file, targets] of imports) {
  const room = roomOf(file);
  for (const target of targets) {
    const other = roomOf(target);
    if (other === undefined || other === room || room === undefined) continue;
    if (!(arrows[room] ?? []).includes(other))
      problems.push(`${file} imports ${target}: ${room} may not import ${other}`);
    else if (!faces.test(target.slice(other.length + 1)))
      problems.push(`${file} reaches past the public face of ${other}: ${target}`);
    else if (other === 'engine' && room !== startsEngines && target !== 'engine/contract.ts')
      problems.push(`${file} imports ${target}: only ${startsEngines} knows more of an engine than its contract`);
  }
}
for (const file of files) {
  const text = readFileSync(join(root, 'src', file), 'utf8');
  if (/^\s+private (?!constructor\()[a-z]/m.test(text)) problems.push(`${file} has a private member that is no #name`);
}
for (const circle of circles()) problems.push(`a circle of imports: ${circle.join(' → ')}`);
problems.push(...tableProblems());

for (const problem of problems) console.error(problem);
if (problems.length === 0)
  console.log(`${files.length} files in ${Object.keys(arrows).length} rooms: all arrows hold.`);
process.exit(problems.length > 0 ? 1 : 0);

/** The files of `src/` that a file imports, types included. */
function importsOf(file) {
  const text = readFileSync(join(root, 'src', file), 'utf8');
  return [...text.matchAll(/(?:from|import) '(\.[^']+)\.js'/g)].map(([, path]) =>
    normalize(join(dirname(file), `${path}.ts`))
      .split(sep)
      .join('/'),
  );
}

function roomOf(file) {
  return file.includes('/') ? file.split('/')[0] : undefined;
}

/** One circle for each file that closes one. */
function circles() {
  const found = [];
  const done = new Set();
  const visit = (file, path) => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}

/** The table in the documentation says the same. */
function tableProblems() {
  const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `src\/(\w+)\/` \|[^|]*\| ([^|]*) \|$/gm)];
  const told = new Map(rows.map(([, room, list]) => [room, [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)]));
  return [...new Set([...told.keys(), ...Object.keys(arrows)])].flatMap((room) => {
    const [here, there] = [arrows[room], told.get(room)].map((list) => [...(list ?? ['nothing'])].sort().join(', '));
    return here === there ? [] : [`docs/architecture.md says that ${room} imports ${there}; here it is ${here}`];
  });
}
