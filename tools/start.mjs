// npm start: everything from a fresh clone to a running cluster, in the foreground until Ctrl-C.
import { join } from 'node:path';
import { withCompiled } from './cluster.mjs';
import { build, install, main, requireEngine, requireNatsServer, root, runNode, wantServiceProxy } from './setup.mjs';

await main(async () => {
  install();
  build();
  requireNatsServer();
  const apps = process.env.SHIPLOG_APPS ?? '';
  const hasAgent = apps === '' || /\b(all|agent)\b/.test(apps);
  if (hasAgent) await requireEngine();
  if (hasAgent) wantServiceProxy();
  return runNode([join(root, 'dist/apps/standalone/main.js')], { env: withCompiled });
});
