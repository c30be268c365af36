// npm run record-log -- <data folder of a stopped cluster> <release>
// Keeps its event log in test/golden/logs, with what this build reads in it and how much its loops have decided: every later
// build has to read the same. Files ending in .gz are compressed.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { decidedIn, readLog } from '../test/support/read-log.mjs';
import { root } from './cluster.mjs';

const LOG = 'log/events.db';
const KEPT = ['log/events.db-acked', 'keys/master', 'keys/master.key', 'keys/objects'];

const [home = '', release = ''] = process.argv.slice(2);
if (release === '' || !existsSync(join(home, LOG))) {
  console.error('Say the data folder of a stopped cluster and a release: npm run record-log -- ~/.shiplog 0.1.0');
  process.exit(1);
}
const database = new DatabaseSync(join(home, LOG));
database.exec('PRAGMA wal_checkpoint(TRUNCATE); VACUUM');
database.close();
const { objects, states, types } = await readLog(home);
const { total, same } = await decidedIn(home);
if (same !== total) {
  console.error(`Its loops decide otherwise today: npm run decisions -- ${home}`);
  process.exit(1);
}
const target = join(root, 'test/golden/logs', release);
const put = (file, data) => {
  mkdirSync(dirname(join(target, file)), { recursive: true });
  writeFileSync(join(target, file), data);
};
for (const file of KEPT) {
  if (!existsSync(join(home, file))) continue;
  mkdirSync(dirname(join(target, file)), { recursive: true });
  cpSync(join(home, file), join(target, file), { recursive: true });
}
put(`${LOG}.gz`, gzipSync(readFileSync(join(home, LOG)), { level: 9 }));
put('objects.txt.gz', gzipSync(objects, { level: 9 }));
put('states.json', `${JSON.stringify({ types, decisions: total, states }, null, 2)}\n`);
console.log(`${target}: ${types.length} types of events, ${Object.keys(states).length} states, ${total} decisions`);
process.exit(0);
