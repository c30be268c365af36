import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from './make-folder.js';
import { Fault } from '#std';
import { hasCode } from './error-code.js';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

/**
 * Makes a folder that only this process's user may enter (0700), or verifies the one that is there: a folder, not a link,
 * owned by this user, and never writable by others. An own folder that others could only read is closed to them.
 * The folder that it is in must exist. Throws a {@link Fault} that names what is wrong.
 */
export function privateFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  withFile(path, O_RDONLY | O_DIRECTORY, (file, shown) => {
    requireOwn(path, shown);
    if ((shown.mode & OTHERS_WRITE) !== 0)
      throw new Fault(`${path} can be written by other users, who may have changed what is in it: remove it`, false);
    if ((shown.mode & OTHERS) !== 0) fchmodSync(file, 0o700);
  });
}

/** {@link privateFolder} for each folder on the way from `base`, which must exist. Returns the last one. */
export function privateFolders(base: string, ...names: readonly string[]): string {
  let path = base;
  for (const name of names) privateFolder((path = join(path, name)));
  return path;
}

/** {@link privateFolder} after its parents, which are made where they are missing and not verified. */
export function privateFolderWithParents(path: string): void {
  makeFolder(dirname(path), 0o700);
  privateFolder(path);
}

/**
 * Closes a folder that was given to this process, such as the data folder, to other users. It may be root's, as a volume's
 * is, when others cannot write to it. Throws a {@link Fault} when it is another user's.
 */
export function closeGivenFolder(path: string): void {
  const real = realpathSync(path);
  withFile(real, O_RDONLY | O_DIRECTORY, (file, shown) => {
    const user = process.geteuid?.() ?? shown.uid;
    if (shown.uid === user) {
      if ((shown.mode & OTHERS) !== 0) fchmodSync(file, 0o700);
    } else if (shown.uid !== 0) requireOwn(real, shown);
    else if ((shown.mode & OTHERS_WRITE) !== 0)
      throw new Fault(`${real} is root's and can be written by all users: choose another folder`, false);
  });
}

/**
 * Reads a file with a secret in it: a regular file, not a link, owned by this user, closed to others. One of this user's own
 * that others could read is closed to them first. Throws Node's own error when it is missing.
 */
export function readPrivateFile(path: string): string {
  return withFile(path, O_RDONLY, (file, shown) => {
    if (!shown.isFile()) throw new Fault(`${path} is not a regular file`, false);
    requireOwn(path, shown);
    if ((shown.mode & OTHERS) !== 0) fchmodSync(file, 0o600);
    return readFileSync(file, 'utf8');
  });
}

/**
 * Reads a file with a secret in it that somebody else put there, perhaps behind a link: a regular file that this user or root
 * owns (to root, whose file it is does not matter), which its group may read and others may not.
 */
export function readGivenSecret(path: string): string {
  return withFile(realpathSync(path), O_RDONLY, (file, shown) => {
    const user = process.geteuid?.();
    if (!shown.isFile()) throw new Fault(`${path} is not a regular file`, false);
    if (user !== undefined && user !== 0 && shown.uid !== 0) requireOwn(path, shown);
    if ((shown.mode & 0o027) !== 0)
      throw new Fault(`${path} can be read by other users: close it to them by chmod 600`, false);
    return readFileSync(file, 'utf8');
  });
}

/** Writes a file (0600) whole or not at all; one that was there is replaced, whatever its mode was. */
export function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

function withFile<T>(path: string, flags: number, use: (file: number, shown: Stats) => T): T {
  let file: number;
  try {
    // Not blocking: what lies there may be a pipe.
    file = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ELOOP') || hasCode(error, 'ENOTDIR'))
      throw new Fault(`${path} is a link or no folder: remove it`, false, { cause: error });
    throw error;
  }
  try {
    return use(file, fstatSync(file));
  } finally {
    closeSync(file);
  }
}

function requireOwn(path: string, { uid }: Stats): void {
  const user = process.geteuid?.() ?? uid;
  if (uid !== user)
    throw new Fault(`${path} belongs to user ${uid}, not to ${user} who runs this process: remove it`, false);
}
