// npm run sim -- --seed N [--count M] [--trouble MS]
// Runs simulated worlds out of dist. Prints one line a world; of a failing one the violations and its last decisions.
import { runWorld } from '#sim';

const args = process.argv.slice(2);
const value = (name, fallback) => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : fallback);
const first = value('--seed', Math.floor(Math.random() * 2 ** 31));
const count = value('--count', 1);
const troubleMs = value('--trouble', undefined);
let failed = 0;
for (let seed = first; seed < first + count; seed++) {
  const report = await runWorld({ seed, ...(troubleMs && { troubleMs }) });
  const { events, acknowledged, lives, violations } = report;
  const outcome = violations.length === 0 ? 'ok' : `${violations.length} violations`;
  console.log(`seed ${seed}: ${events} events, ${acknowledged} writes acknowledged, ${lives} writers: ${outcome}`);
  if (violations.length === 0) continue;
  failed++;
  for (const { checker, message, position } of violations.slice(0, 20))
    console.log(`  ${checker}: ${message} (at position ${position})`);
  console.log('  the last decisions:');
  for (const line of report.lastDecisions) console.log(`    ${line}`);
  console.log(`  again with: npm run sim -- --seed ${seed}`);
}
if (count > 1) console.log(`${count - failed} of ${count} worlds came right`);
process.exit(failed > 0 ? 1 : 0);
