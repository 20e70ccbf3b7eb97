/**
 * Lint, types, the arrows between rooms, then every test: `npm test`, or `npm test -- <vitest arguments>` for some of them. Real servers and clients are used where
 * they are installed (`node scripts/real/install.mjs`); which ones were not there is said at the end. With `SKUA_TEST_REQUIRE_ALL`
 * set, a missing one and a skipped test are failures.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parts, repository } from './real/index.mjs';

const requireAll = Boolean(process.env.SKUA_TEST_REQUIRE_ALL);
const modules = join(repository, 'node_modules');
let passed = 0;
let failed = 0;
let skipped = 0;

function run(command, args) {
  const result = spawnSync(command, args, { cwd: repository, stdio: ['ignore', 'inherit', 'inherit'] });
  return result.status === 0;
}

function step(name, command, args) {
  console.log(`\n${name}`);
  if (run(command, args)) passed += 1;
  else failed += 1;
}

step('Lint', process.execPath, [join(modules, '@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.']);
step('Types', process.execPath, [join(modules, 'typescript/bin/tsc'), '-p', 'tsconfig.test.json']);
step('Types of the console', process.execPath, [join(modules, 'typescript/bin/tsc'), '-p', 'console/tsconfig.json']);
step('Rooms', process.execPath, [join(repository, 'scripts/rooms.mjs')]);

const folder = mkdtempSync(join(tmpdir(), 'skua-test-'));
const outputFile = join(folder, 'results.json');
const testsPassed = run(process.execPath, [
  join(modules, 'vitest/vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${outputFile}`,
  ...process.argv.slice(2),
]);
const results = readResults(outputFile);
rmSync(folder, { recursive: true, force: true });
passed += results.passed;
failed += results.failed;
skipped += results.skipped;
// A file that can't be loaded, or an error outside of any test, counts as a failure too.
if (!testsPassed && results.failed === 0) failed += 1;

const missing = Object.values(parts)
  .map(({ title, find }) => ({ title, reason: find().missing }))
  .filter(({ reason }) => reason !== undefined);
if (missing.length > 0) {
  console.log('\nNot there, so what needs it was skipped:');
  for (const { title, reason } of missing) console.log(`  ${title}: ${reason}`);
}
if (results.skipped > 0) {
  console.log('\nSkipped tests:');
  for (const line of results.skippedLines) console.log(`  ${line}`);
}
if (requireAll && missing.length + skipped > 0) {
  console.log('\nHere nothing may be missing or skipped: that counts as failed.');
  failed += missing.length + skipped;
  skipped = 0;
}
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);

function readResults(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const tests = report.testResults.flatMap((file) => file.assertionResults);
    const brokenFiles = report.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
    ).length;
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + brokenFiles,
      skipped: tests.filter(isSkipped).length,
      skippedLines: report.testResults.flatMap(({ assertionResults }) => skippedLines(assertionResults)),
    };
  } catch (error) {
    console.error(`The results of the tests can't be read: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0, skippedLines: [] };
  }
}

function isSkipped({ status }) {
  return status !== 'passed' && status !== 'failed';
}

/** The names of the tests of a file that were skipped; of groups that were skipped as a whole, the group's with the number of its tests. */
function skippedLines(tests) {
  const groups = new Map();
  for (const test of tests) {
    const group = test.ancestorTitles[0] || test.fullName;
    groups.set(group, [...(groups.get(group) ?? []), test]);
  }
  return [...groups].flatMap(([group, members]) => {
    const names = members.filter(isSkipped).map(({ fullName }) => fullName);
    return names.length > 1 && names.length === members.length ? [`${group}: ${names.length} tests`] : names;
  });
}
