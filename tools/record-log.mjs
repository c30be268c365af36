// npm run record-log -- <data folder of a stopped cluster> <release>
// Keeps its event log in test/golden/logs, with what this build reads in it: every later build has to read the same.
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readLog } from '../test/support/read-log.mjs';
import { root } from './cluster.mjs';

const KEPT = ['log/events.db', 'log/events.db-acked', 'keys/master', 'keys/objects'];

const [home = '', release = ''] = process.argv.slice(2);
if (release === '' || !existsSync(join(home, KEPT[0]))) {
  console.error('Say the data folder of a stopped cluster and a release: npm run record-log -- ~/.shiplog 0.1.0');
  process.exit(1);
}
const database = new DatabaseSync(join(home, KEPT[0]));
database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
database.close();
const { objects, states, types } = await readLog(home);
const target = join(root, 'test/golden/logs', release);
for (const file of KEPT) {
  mkdirSync(dirname(join(target, file)), { recursive: true });
  cpSync(join(home, file), join(target, file), { recursive: true });
}
writeFileSync(join(target, 'objects.txt'), objects);
writeFileSync(join(target, 'states.json'), `${JSON.stringify({ types, states }, null, 2)}\n`);
console.log(`${target}: ${types.length} types of events, ${Object.keys(states).length} states`);
process.exit(0);
