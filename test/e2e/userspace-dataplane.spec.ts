import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createInterface } from 'node:readline';
import { afterAll } from '@jest/globals';
import type { ServiceDataplane } from '#ports';
import { serviceDataplaneContract } from '../../libs/adapters/src/service-dataplane/service-dataplane.contract.js';
import type { TestNetwork } from '../../libs/adapters/src/service-dataplane/test-network.js';

const ends: (() => void)[] = [];
afterAll(() => ends.forEach((end) => end()));

/** Listens where its process is, so it is one of its own in the network of the test, over the compiled code. */
function inNamespace(network: TestNetwork): ServiceDataplane {
  const adapters = pathToFileURL(join(process.cwd(), 'dist/libs/adapters/src/index.js')).href;
  const code = `
    const { UserspaceDataplane } = await import(${JSON.stringify(adapters)});
    const dataplane = new UserspaceDataplane({ log: (line) => console.error(line) });
    const { createInterface } = await import('node:readline');
    for await (const line of createInterface({ input: process.stdin })) {
      const [method, argument] = JSON.parse(line);
      const answer = await dataplane[method](argument).then((value) => ({ value }), ({ message }) => ({ message }));
      console.log(JSON.stringify(answer));
    }
    process.exit(0);`;
  const [program = '', ...words] = [
    ...network.within('host'),
    process.execPath,
    '--no-warnings',
    '--input-type=module',
    '-e',
    code,
  ];
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'], cwd: process.cwd() });
  ends.push(() => child.kill('SIGKILL'));
  const waiting: ((answer: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  const call = async <T>(method: string, argument?: unknown): Promise<T> => {
    const answer = new Promise<string>((resolve) => waiting.push(resolve));
    child.stdin.write(`${JSON.stringify([method, argument])}\n`);
    const { message, value } = JSON.parse(await answer) as { readonly message?: string; readonly value: T };
    if (message !== undefined) throw new Error(message);
    return value;
  };
  return {
    mode: 'userspace',
    open: (place) => call('open', place),
    replace: (frontends) => call('replace', frontends),
    apply: (changes) => call('apply', changes),
    check: () => call('check'),
    remove: (owner) => call('remove', owner),
  };
}

serviceDataplaneContract({
  mark: 'usr',
  make: inNamespace,
  isTransparent: false,
  leftOn: (network) => network.run('host', 'ip', '-o', '-4', 'addr', 'show', 'dev', 'lo', 'label', 'lo:*'),
});
