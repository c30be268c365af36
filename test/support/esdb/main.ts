import process from 'node:process';
import { parseArgs } from 'node:util';
import { StandInEsdb } from './server.js';

/** `node dist/test/support/esdb/main.js --port 2113 [--host 0.0.0.0] [--data FILE]` */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '2113' },
    host: { type: 'string', default: '127.0.0.1' },
    data: { type: 'string' },
  },
});
const server = await StandInEsdb.start({
  port: Number(values.port),
  host: values.host,
  ...(values.data === undefined ? {} : { file: values.data }),
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
