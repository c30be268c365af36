import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Runs one of the tools beside this code: tools/<name>.mjs. */
export function runTool(name: string): void {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
  run(process.execPath, [join(root, 'tools', `${name}.mjs`)]);
}

/** Runs a program in this terminal and ends as it ends. */
export function run(program: string, words: readonly string[]): void {
  const child = spawn(program, words, { stdio: 'inherit' });
  child.once('error', (error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? `${program} is not installed` : error.message;
    process.stderr.write(`${why}\n`);
    process.exitCode = 127;
  });
  child.once('exit', (code) => (process.exitCode = code ?? 1));
  // Ctrl-C reaches the program too, and it decides when this ends.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
}
