// npm run fuzz -- [--seed N] [--minutes M] [--only I]: valid, broken and hostile requests against a whole server; see test/fuzz.
import { build, install, main, requireNatsServer, root, runNode } from './setup.mjs';

await main(() => {
  install();
  build();
  requireNatsServer();
  return runNode(['dist/test/fuzz/main.js', ...process.argv.slice(2)], { cwd: root });
});
