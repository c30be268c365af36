import process from 'node:process';
import { openEventLog } from '#adapters';
import { eventOf } from './log-testing.js';

/**
 * A process that appends until it is killed, with many appends under way at once, and prints each acknowledgement:
 * `node append-forever.js <spec> <run>`. Whatever it printed must be in the log afterwards. As a control plane does, it
 * follows the log and asks for its head meanwhile.
 */
const [spec = '', run = ''] = process.argv.slice(2);
const log = await openEventLog(spec, { cluster: 'kill' });
process.stdout.write('open\n');
const HEAD_EVERY_MS = 50;
log.subscribe(0, () => undefined);
// A look at the head that fails while the store is away is asked again.
setInterval(() => void log.head().catch(() => undefined), HEAD_EVERY_MS);
await Promise.all(Array.from({ length: 32 }, (_, number) => appendForever(`${run}/${number}`)));

async function appendForever(stream: string): Promise<void> {
  for (let revision = -1; ; revision++) {
    const { position } = await log.append(stream, eventOf(stream, revision), revision);
    process.stdout.write(`${position} ${stream} ${revision + 1}\n`);
  }
}
