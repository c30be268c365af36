// npm run chaos -- --seed N --minutes M: trouble for a cluster on real containers; see test/chaos.
import {
  build,
  install,
  main,
  requireEngine,
  requireNatsServer,
  requireTestPrograms,
  root,
  runNode,
} from './setup.mjs';

await main(async () => {
  install();
  build();
  requireNatsServer();
  await requireEngine();
  requireTestPrograms();
  return runNode(['dist/test/chaos/main.js', ...process.argv.slice(2)], { cwd: root });
});
