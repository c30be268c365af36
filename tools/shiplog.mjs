#!/usr/bin/env node
// npx shiplog: the command line, on the Node that package.json pins.
import { join } from 'node:path';
import { build, install, main, root, runNode } from './setup.mjs';

await main(() => {
  install();
  build();
  return runNode([join(root, 'dist/apps/cli/main.js'), ...process.argv.slice(2)]);
});
