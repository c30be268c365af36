// npm run hosts -- --nodes 3: a cluster of several hosts on this machine, in the foreground until Ctrl-C; see docs/nodes.md.
import { build, install, main, requireHostPrograms, requireNatsServer, root, runNode } from './setup.mjs';

await main(() => {
  install();
  build();
  requireNatsServer();
  requireHostPrograms();
  return runNode(['dist/test/support/hosts/main.js', ...process.argv.slice(2)], { cwd: root });
});
