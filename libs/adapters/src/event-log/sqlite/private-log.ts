import { chmodSync, closeSync, constants, lstatSync, openSync } from 'node:fs';
import { Fault } from '#std';

const SIDES = ['-wal', '-shm', '-lock', '-writer', '-acked'];
const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

/** Makes the database's file closed to other users (0600), and closes what an earlier build made; SQLite gives its side files the same mode. */
export function closeToOthers(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Fault(`The event log ${path} is a link: name the file itself.`, false);
  closeSync(openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600));
  for (const file of [path, ...SIDES.map((side) => path + side)])
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile()) chmodSync(file, 0o600);
}
