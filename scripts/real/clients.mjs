/** The clients of other projects that the programs in test/clients need. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, copyFromMaven, onceInCache, onPath, repository, runToEnd } from './cache.mjs';

export const jdbcVersion = '18.3.0';
export const grpcurlVersion = '1.9.3';
export const composeParserVersion = '2.10.0';

const requirements = join(repository, 'test/clients/requirements.txt');
const duckdbRequirements = join(repository, 'test/clients/duckdb-requirements.txt');
const sqlalchemyRequirements = join(repository, 'test/clients/sqlalchemy-requirements.txt');
const goProgram = join(repository, 'test/clients/go');
const goExample = join(repository, 'examples/go');
const dbtRequirements = join(repository, 'test/clients/dbt-requirements.txt');
const jdbcJar = join(cacheFolder, `flight-sql-jdbc-driver-${jdbcVersion}`, `flight-sql-jdbc-driver-${jdbcVersion}.jar`);
const cachedGrpcurl = join(cacheFolder, `grpcurl-${grpcurlVersion}`, 'grpcurl');
const cachedComposeParser = join(cacheFolder, `compose-go-${composeParserVersion}`, 'cmd');
const cachedPython = join(cacheFolder, 'python', 'bin', 'python');
const cachedSqlalchemy = join(cacheFolder, 'sqlalchemy', 'bin', 'python');
const cachedDbt = join(cacheFolder, 'dbt', 'bin', 'python');
const cachedDuckdb = join(cacheFolder, 'duckdb', 'bin', 'python');

/** A Python with the packages of test/clients/requirements.txt: the one that `SKUA_TEST_PYTHON` names, or the cached environment. */
export function findPython() {
  const python = process.env.SKUA_TEST_PYTHON ?? cachedPython;
  if (existsSync(python)) return { path: python };
  return {
    missing: 'no Python with the packages of test/clients/requirements.txt: node scripts/real/install.mjs python',
  };
}

export function installPython() {
  return findPython().path ?? makeEnvironment('python', requirements);
}

/** A Python with DuckDB and its Iceberg client: the one that `SKUA_TEST_DUCKDB` names, or the cached environment. */
export function findDuckdb() {
  const python = process.env.SKUA_TEST_DUCKDB ?? cachedDuckdb;
  if (existsSync(python)) return { path: python };
  return {
    missing:
      'no Python with the packages of test/clients/duckdb-requirements.txt: node scripts/real/install.mjs duckdb',
  };
}

export function installDuckdb() {
  return findDuckdb().path ?? makeEnvironment('duckdb', duckdbRequirements);
}

/** A Python with SQLAlchemy and what its dialect needs: the one that `SKUA_TEST_SQLALCHEMY` names, or the cached environment. */
export function findSqlalchemy() {
  const python = process.env.SKUA_TEST_SQLALCHEMY ?? cachedSqlalchemy;
  if (existsSync(python)) return { path: python };
  return {
    missing:
      'no Python with the packages of test/clients/sqlalchemy-requirements.txt: node scripts/real/install.mjs sqlalchemy',
  };
}

export function installSqlalchemy() {
  return findSqlalchemy().path ?? makeEnvironment('sqlalchemy', sqlalchemyRequirements);
}

/** A Python with dbt, its tests of adapters and what `dbt-skua` needs: the one that `SKUA_TEST_DBT` names, or the cached environment. */
export function findDbt() {
  const python = process.env.SKUA_TEST_DBT ?? cachedDbt;
  if (existsSync(python)) return { path: python };
  return {
    missing: 'no Python with the packages of test/clients/dbt-requirements.txt: node scripts/real/install.mjs dbt',
  };
}

export function installDbt() {
  return findDbt().path ?? makeEnvironment('dbt', dbtRequirements);
}

function makeEnvironment(name, packages) {
  // An environment holds its own path, so it is made in place; the marker of completeness is the last thing installed.
  const folder = join(cacheFolder, name);
  const python = join(folder, 'bin', 'python');
  runToEnd('python3', ['-m', 'venv', '--clear', folder]);
  try {
    runToEnd(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', packages]);
  } catch (error) {
    runToEnd('rm', ['-rf', folder]);
    throw error;
  }
  return python;
}

/** The jar of the Flight SQL JDBC driver. */
export function findJdbcDriver() {
  if (!onPath('java') || !onPath('javac')) return { missing: 'no Java development kit on PATH' };
  if (existsSync(jdbcJar)) return { path: jdbcJar };
  return { missing: 'no JDBC driver: node scripts/real/install.mjs jdbc' };
}

export function installJdbcDriver() {
  onceInCache(`flight-sql-jdbc-driver-${jdbcVersion}`, (folder) =>
    copyFromMaven(`org.apache.arrow:flight-sql-jdbc-driver:${jdbcVersion}`, folder),
  );
  return jdbcJar;
}

export function findGrpcurl() {
  const program = existsSync(cachedGrpcurl) ? cachedGrpcurl : onPath('grpcurl');
  return program ? { path: program } : { missing: 'no grpcurl on PATH: node scripts/real/install.mjs grpcurl' };
}

export function installGrpcurl() {
  if (onPath('grpcurl')) return onPath('grpcurl');
  onceInCache(`grpcurl-${grpcurlVersion}`, (folder) =>
    goInstall(`github.com/fullstorydev/grpcurl/cmd/grpcurl@v${grpcurlVersion}`, folder),
  );
  return cachedGrpcurl;
}

/** The program in test/clients/go, compiled from what it is now. */
export function findGoClient() {
  const program = join(cacheFolder, goFolder(), 'client');
  return existsSync(program) ? { path: program } : { missing: 'not compiled: node scripts/real/install.mjs go' };
}

export function installGoClient() {
  const folder = onceInCache(goFolder(), (partial) =>
    runToEnd('go', ['build', '-o', join(partial, 'client'), '.'], { cwd: goProgram }),
  );
  return join(folder, 'client');
}

/** The program in examples/go, compiled from what it is now. */
export function findGoExample() {
  const program = join(cacheFolder, goFolder(goExample, 'go-example'), 'example');
  return existsSync(program) ? { path: program } : { missing: 'not compiled: node scripts/real/install.mjs goExample' };
}

export function installGoExample() {
  const folder = onceInCache(goFolder(goExample, 'go-example'), (partial) =>
    runToEnd('go', ['build', '-o', join(partial, 'example'), '.'], { cwd: goExample }),
  );
  return join(folder, 'example');
}

function goFolder(program = goProgram, name = 'go-client') {
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(program, file)));
  return `${name}-${hash.digest('hex').slice(0, 12)}`;
}

/** The Compose specification's own parser, which checks a compose file without a docker engine. */
export function findComposeParser() {
  if (existsSync(cachedComposeParser)) return { path: cachedComposeParser };
  return { missing: 'not installed: node scripts/real/install.mjs compose' };
}

export function installComposeParser() {
  onceInCache(`compose-go-${composeParserVersion}`, (folder) =>
    goInstall(`github.com/compose-spec/compose-go/v2/cmd@v${composeParserVersion}`, folder),
  );
  return cachedComposeParser;
}

function goInstall(what, folder) {
  runToEnd('go', ['install', what], { env: { ...process.env, GOBIN: folder } });
}
