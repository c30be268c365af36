// npm run decisions -- <log> [--show N]
// Decides every loop event of a log again, on the view and with the facts that it was decided from, and prints `same N of N`.
// <log> is a data folder (of a cluster that may be running), a SQLite file, or sqlite:<path>.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openFileKeys, SqliteEventLog } from '#adapters';
import { decideAgain, eventCodec, noKeys } from '#engine';
import { registry } from '#kinds';
import { apiLoops, nodeLoops, scalerLoops, schedulingLoops, workloadLoops } from '#loops';

const args = process.argv.slice(2);
const at = args.indexOf('--show');
const [shown = 20] = at < 0 ? [] : args.splice(at, 2).slice(1).map(Number);
const place = (args[0] ?? '').replace(/^sqlite:/, '');
const isFolder = existsSync(place) && statSync(place).isDirectory();
const file = isFolder ? join(place, 'log/events.db') : place;
if (place === '' || !existsSync(file)) {
  console.error(`There is no log ${file || '(none was named)'}: npm run decisions -- ~/.shiplog`);
  process.exit(1);
}
// Without keys Secrets read empty, as the processes see them that run loops.
const keys = isFolder && existsSync(join(place, 'keys/master')) ? await openFileKeys(place) : noKeys;
const codec = eventCodec(registry, keys);
const log = await SqliteEventLog.open(file, { mode: 'read' });
const read = async function* () {
  for await (const page of log.readAll(0)) yield page.map((event) => codec.decode(event.open()));
};
const loops = [...apiLoops, ...workloadLoops, ...schedulingLoops, ...scalerLoops, ...nodeLoops];
const { total, same, unknown, others } = await decideAgain(read, { loops });
for (const { position, stream, type, loop, key, because, now } of others.slice(0, shown)) {
  console.log(`position ${position}: ${type} of ${stream} by ${loop} for ${key}, because ${because}`);
  for (const one of now.length > 0 ? now : ['nothing']) console.log(`  now: ${one}`);
}
if (others.length > shown) console.log(`… and ${others.length - shown} more`);
if (unknown > 0) console.log(`${unknown} events of older builds do not say what they were decided from`);
console.log(`same ${same} of ${total}`);
await log.close();
process.exit(same === total ? 0 : 1);
