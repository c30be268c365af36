import { readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { StandInEsdb, type StandInOptions } from './server.js';

/**
 * `node dist/test/support/esdb/main.js --port 2113 [--host 0.0.0.0] [--data FILE] [--secure FOLDER]
 * [--silent-ms N] [--unready-ms N]`
 *
 * `--secure`: the folder holds node.crt, node.key, admin.password. `--silent-ms`: it listens and answers no call for so
 * long; `--unready-ms`: after that some calls are refused with
 * `Server Is Not Ready` for so long. To freeze it, stop the process (SIGSTOP, SIGCONT).
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '2113' },
    host: { type: 'string', default: '127.0.0.1' },
    data: { type: 'string' },
    secure: { type: 'string' },
    'silent-ms': { type: 'string', default: '0' },
    'unready-ms': { type: 'string', default: '0' },
  },
});
const server = await StandInEsdb.start({
  port: Number(values.port),
  host: values.host,
  slowStart: { silentMs: Number(values['silent-ms']), unreadyMs: Number(values['unready-ms']) },
  ...(values.data === undefined ? {} : { file: values.data }),
  ...(values.secure === undefined ? {} : { secure: secureFrom(values.secure) }),
}).catch((cause: unknown) => {
  process.stderr.write(`The stand-in EventStoreDB cannot listen on ${values.host}:${values.port}: ${String(cause)}\n`);
  process.exit(1);
});
process.stdout.write(`stand-in EventStoreDB listens on ${values.host}:${server.port}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.stop();
    process.exit(0);
  });
}

function secureFrom(folder: string): NonNullable<StandInOptions['secure']> {
  const read = (name: string): Buffer => readFileSync(`${folder}/${name}`);
  return {
    certificate: read('node.crt'),
    privateKey: read('node.key'),
    administratorPassword: read('admin.password').toString().trim(),
  };
}
