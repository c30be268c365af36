import { setTimeout as sleep } from 'node:timers/promises';
import { FuzzClient } from './client.js';

/**
 * An ordinary client, in a process of its own so that the fuzz's work does not count as the server's: reads one object
 * again and again and reports the time of each read to the parent.
 */
const [kubeconfig = '', path = ''] = process.argv.slice(2);
const client = new FuzzClient(kubeconfig, 1);
process.once('disconnect', () => process.exit(0));
for (;;) {
  const { status, ms } = await client.get(path);
  process.send?.({ status, ms });
  await sleep(20);
}
