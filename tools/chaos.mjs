// npm run chaos -- --seed N --minutes M: trouble for a cluster on real containers; see test/chaos.
import { spawnSync } from 'node:child_process';
import { build, install, main, node, requireEngine, requireNatsServer, requireTestPrograms, root } from './setup.mjs';

await main(async () => {
  install();
  build();
  requireNatsServer();
  await requireEngine();
  requireTestPrograms();
  const words = ['--no-warnings', 'dist/test/chaos/main.js', ...process.argv.slice(2)];
  return spawnSync(node, words, { cwd: root, stdio: 'inherit' }).status ?? 1;
});
