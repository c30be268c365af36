import process from 'node:process';
import { openEventLog } from '#adapters';
import { eventOf } from './log-testing.js';

/**
 * A process that appends until it is killed, with many appends under way at once, and prints each acknowledgement:
 * `node append-forever.js <spec> <run>`. Whatever it printed must be in the log afterwards.
 */
const [spec = '', run = ''] = process.argv.slice(2);
const log = await openEventLog(spec, { cluster: 'kill' });
process.stdout.write('open\n');
await Promise.all(Array.from({ length: 32 }, (_, number) => appendForever(`${run}/${number}`)));

async function appendForever(stream: string): Promise<void> {
  for (let revision = -1; ; revision++) {
    const { position } = await log.append(stream, eventOf(stream, revision), revision);
    process.stdout.write(`${position} ${stream} ${revision + 1}\n`);
  }
}
