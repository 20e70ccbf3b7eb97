/**
 * `npm run bench -- [OPTIONS]`: Skua beside its peers (bench/side_by_side.py). Installs the peers from PyPI on the first run. With `--publish`, keeps
 * the results in bench/results.json and writes them into the tables of the READMEs.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onceInCache, repository, runToEnd } from './real/cache.mjs';

const requirements = join(repository, 'bench', 'requirements.txt');

function install(folder) {
  runToEnd('python3', ['-m', 'venv', folder]);
  runToEnd(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  copyFileSync(requirements, join(folder, 'requirements.txt'));
}

const environment = onceInCache('bench', () => undefined);
const installed = join(environment, 'requirements.txt');
const isInstalled = existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(requirements, 'utf8');
// A virtual environment holds its own path, so that it is made where it stays.
if (!isInstalled) install(environment);

const python = join(environment, 'bin', 'python');
const options = process.argv.slice(2);
const publishes = options.includes('--publish');
const results = join(repository, 'bench', 'results.json');
const own = options.filter((option) => option !== '--publish');
const run = (...command) => spawnSync(python, command, { cwd: repository, stdio: 'inherit' }).status ?? 1;
let status = run(join('bench', 'side_by_side.py'), ...own, ...(publishes ? ['--results', results] : []));
if (status === 0 && publishes) status = run(join('bench', 'tables.py'), results);
process.exit(status);
