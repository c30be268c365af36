// npm run down: removes all that npm start made.
import { existsSync } from 'node:fs';
import { removeCluster } from './remove.mjs';
import { home, main, step } from './setup.mjs';

await main(async () => {
  if (existsSync(home)) await removeCluster(home, step);
  else step(`Nothing to remove: ${home} does not exist.`);
});
