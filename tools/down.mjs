// npm run down: removes all that npm start and npm run hosts made.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stopHosts } from './remove-hosts.mjs';
import { removeCluster } from './remove.mjs';
import { home, main, step } from './setup.mjs';

await main(async () => {
  await stopHosts(join(home, 'hosts'), step);
  if (existsSync(home)) await removeCluster(home, step);
  else step(`Nothing to remove: ${home} does not exist.`);
});
