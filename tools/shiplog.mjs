#!/usr/bin/env node
// npx shiplog: the command line, on the Node that package.json pins.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, install, main, node, root } from './setup.mjs';

await main(() => {
  install();
  build();
  const result = spawnSync(node, ['--no-warnings', join(root, 'dist/apps/cli/main.js'), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  return result.status ?? 1;
});
