/**
 * `npm run procedures [-- PATTERN]`: procedures beside Spark's own. For each story (`procedures/stories.mjs`) there are two tables with the same rows; Skua cares
 * for one, Spark for the other. Prints what either answers and what files there are then, and exits 1 where answers, rows (by Skua, Spark and
 * PyIceberg), files or orphans differ. `SPARK_PYTHON` and `ICEBERG_SPARK_JAR` say where Spark is; PATTERN chooses stories by their names.
 */
import { tell } from './procedures/compare.mjs';
import { stories } from './procedures/stories.mjs';
import { startWorld } from './procedures/world.mjs';

const word = new RegExp(process.argv[2] ?? '');
const problems = [];
const world = await startWorld();
try {
  for (const [index, story] of stories.entries()) {
    if (!word.test(story.name)) continue;
    console.log(`\n${story.name}`);
    await tell(world, story, index, problems);
  }
} finally {
  await world.stop();
}
console.log(problems.length > 0 ? `\nDiffering: ${problems.length}\n${problems.join('\n')}` : '\nNothing differs.');
process.exit(problems.length > 0 ? 1 : 0);
