import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { FuzzClient } from './client.js';
import { heldUpMs } from './watched-server.js';

/**
 * An ordinary client, in a process of its own so that the fuzz's work does not count as the server's: reads one object
 * again and again and reports the time of each read to the parent, without that in which the machine kept the server's thread
 * or this process waiting for a processor.
 */
const [kubeconfig = '', path = '', server = ''] = process.argv.slice(2);
const heldUp = (): number => heldUpMs(Number(server)) + heldUpMs(process.pid);
const bytes = Buffer.alloc(256 * 1024);
/** Milliseconds of a fixed piece of work on a processor: how fast one is just now that others share. */
function reference(): number {
  const [before, started] = [heldUpMs(process.pid), performance.now()];
  createHash('sha256').update(bytes).digest();
  return performance.now() - started - (heldUpMs(process.pid) - before);
}
const client = new FuzzClient(kubeconfig, 1);
process.once('disconnect', () => process.exit(0));
for (;;) {
  const before = heldUp();
  const { status, ms } = await client.get(path);
  // Nobody listens any more when the parent ends in this very moment.
  const report = { status, ms: Math.max(0, ms - (heldUp() - before)), reference: reference() };
  process.send?.(report, undefined, undefined, () => undefined);
  await sleep(20);
}
