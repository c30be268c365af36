import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ProgramEnd {
  /** Undefined: it is not installed. */
  readonly code: number | undefined;
  readonly output: string;
  readonly errors: string;
}

export interface ProgramOptions {
  readonly timeoutMs?: number;
  /** Takes the lines of its output one by one, which is not kept then: it may be long. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** Runs a program to its end; what it is fed is written to its input. */
export function runProgram(
  words: readonly string[],
  input = '',
  { timeoutMs = 20_000, onLine }: ProgramOptions = {},
): Promise<ProgramEnd> {
  const [program = '', ...rest] = words;
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
    const child = spawn(program, rest, { stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL', env });
    const texts = { output: '', errors: '' };
    if (onLine) createInterface({ input: child.stdout }).on('line', onLine);
    else child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.errors += text));
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve({ code: undefined, ...texts });
      else reject(error);
    });
    child.once('close', (code, signal) => {
      if (signal) reject(new Error(`${program} did not end within ${timeoutMs} ms`));
      else resolve({ code: code ?? 0, ...texts });
    });
    // It may end before it has read everything: its exit code says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
