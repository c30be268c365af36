// npm start: everything from a fresh clone to a running cluster, in the foreground until Ctrl-C.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, install, main, node, requireEngine, requireNatsServer, root } from './setup.mjs';

await main(async () => {
  install();
  build();
  requireNatsServer();
  const apps = process.env.SHIPLOG_APPS ?? '';
  const hasAgent = apps === '' || /\b(all|agent)\b/.test(apps);
  if (hasAgent) await requireEngine();
  return run(join(root, 'dist/apps/standalone/main.js'));
});

/** Runs standalone until it ends; signals are for it. */
function run(file) {
  const child = spawn(node, ['--no-warnings', file], { stdio: 'inherit' });
  // Ctrl-C reaches the whole group of the terminal, so it must not be passed on twice.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}
