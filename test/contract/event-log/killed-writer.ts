import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Acknowledged {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
}
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Path of a built program of the tests; `npm test` builds before it runs Jest. */
export function built(program: string): string {
  const path = join(ROOT, 'dist', program);
  if (!existsSync(path)) throw new Error(`${program} is not built: run npm run build first`);
  return path;
}

/**
 * Lets a process append to a log, kills it in the middle of that with SIGKILL, and gives what it had acknowledged.
 * `onHalf` is called when half of it is.
 */
export async function killedWriter(
  spec: string,
  run: string,
  acknowledgedMin: number,
  onHalf: () => void = () => undefined,
): Promise<Acknowledged[]> {
  const writer = spawn(process.execPath, [built('test/contract/event-log/append-forever.js'), spec, run]);
  let text = '';
  let errors = '';
  let isHalf = false;
  writer.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  writer.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const count = linesOf(text).length;
    if (!isHalf && count > acknowledgedMin / 2) {
      isHalf = true;
      onHalf();
    }
    if (count > acknowledgedMin) writer.kill('SIGKILL');
  });
  const signal = await new Promise((resolve) => writer.once('close', (_code, by) => resolve(by)));
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${errors}`);
  return linesOf(text)
    .filter((line) => line !== 'open')
    .map((line) => {
      const [position, stream, revision] = line.split(' ');
      return { position: Number(position), stream: String(stream), revision: Number(revision) };
    });
}

/** Whole lines only: the kill may have cut the last one. */
function linesOf(text: string): string[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
}
