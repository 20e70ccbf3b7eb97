/**
 * `npm run faults -- [STATEMENTS] [KILLS] [SEED] [local | s3]`: writers over proxies that do harm, at a server that is killed at random instants. Prints
 * what came of it; exits 1 where an acknowledged statement is lost, one is there twice or by half, or a file is left.
 *
 * `npm run faults -- engines [KILLS] [SEED] [local | s3]`: engine processes that are killed at random instants under mixed load; besides, no answer
 * may be wrong, and no error another than that the engine process ended.
 *
 * `npm run faults -- replicas [SESSIONS] [ROUNDS]`: three servers behind NGINX, of which one is killed in the middle of a stream of each session, and two
 * are restarted one after the other under load, so many times. Exits 1 where an answer that is short looks whole, a session lost its names, or a new statement failed in a
 * restart.
 */
const trials = { engines, replicas };
const [first, ...rest] = process.argv.slice(2);
const say = (line) => console.log(line);
const trial = Object.hasOwn(trials, first ?? '') ? trials[first](...rest) : servers(first, ...rest);
const { outcome, isWrong } = await trial;
say(JSON.stringify(outcome, null, 2));
process.exit(isWrong ? 1 : 0);

async function engines(kills = '200', seed = anySeed(), store = 'local') {
  const { runEngineKills } = await import('./faults/engines.mjs');
  say(`${kills} kills of engine processes, seed ${seed}, warehouse on ${nameOf(store)}`);
  const outcome = await runEngineKills({ kills: Number(kills), seed: Number(seed), store, say });
  const { lost, repeated, halves, orphans, wrong, unexpected } = outcome;
  return { outcome, isWrong: [lost, repeated, halves, orphans, wrong, unexpected].some(({ length }) => length > 0) };
}

async function replicas(sessions = '50', rounds = '1') {
  const { runReplicas } = await import('./faults/replicas.mjs');
  const outcome = await runReplicas({ sessions: Number(sessions), rounds: Number(rounds), say });
  return { outcome, isWrong: outcome.short + outcome.namesLost + outcome.failedInRestart.length > 0 };
}

async function servers(statements = '3000', kills = '200', seed = anySeed(), store = 'local') {
  const { runFaults } = await import('./faults/run.mjs');
  say(`${statements} statements, ${kills} kills, seed ${seed}, warehouse on ${nameOf(store)}`);
  const outcome = await runFaults({
    statements: Number(statements),
    kills: Number(kills),
    seed: Number(seed),
    store,
    say,
  });
  const { lost, repeated, halves, orphans } = outcome;
  return { outcome, isWrong: [lost, repeated, halves, orphans].some(({ length }) => length > 0) };
}

function anySeed() {
  return String(Date.now() % 1_000_000);
}

function nameOf(store) {
  return store === 's3' ? 'RustFS' : 'local files';
}
