// A small program of a bench that runs in another network: of a namespace, or of a test host.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Starts `code` in a Node of its own, where `given` is what it was given. `within` are the words before the program that enter the
 * network. It ends with its input: `end` resolves when it has.
 */
export function smallProgram(within, code, given) {
  const text = `const given = ${JSON.stringify(given)};${code}\nprocess.stdin.resume().on('end', () => process.exit());`;
  const [program, ...words] = [...within, process.execPath, '--no-warnings', '-e', text];
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  return {
    lines: createInterface({ input: child.stdout }),
    tell: (line) => child.stdin.write(`${line}\n`),
    end: () => {
      child.stdin.end();
      return child.exitCode ?? once(child, 'exit');
    },
  };
}
