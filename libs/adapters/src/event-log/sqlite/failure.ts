import type { Failure } from '../log-worker/protocol.js';

/** Carries a failure up to where it is answered; inside the worker only. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super('message' in failure ? failure.message : failure.is);
    this.failure = failure;
  }
}

export function damaged(path: string, position: number | undefined, what: string): StoreFailure {
  const where = position === undefined ? '' : ` at position ${position}`;
  const message = `The event log ${path} is damaged${where}: ${what}. Restore it from a backup.`;
  return new StoreFailure(position === undefined ? { is: 'damaged', message } : { is: 'damaged', message, position });
}

export const WRITTEN_BY_ANOTHER =
  'another process has written to it as well; stop that one, or give this one a log of its own';
const DISK_ERROR = 'the disk reported an error; check it, then start again';

/** The worker cannot go on; what is in the file is found out by the next start. `what` is a sentence without its full stop. */
export function failed(path: string, what: string): StoreFailure {
  return new StoreFailure({ is: 'failed', message: `The event log ${path} failed: ${what}.` });
}

/** A statement that does not fit the tables: they are not what this build made. */
const ERROR = 1;
/** The disk reported an error. After a failed fsync the kernel may call the same pages clean: only a fresh start reads what is there. */
const IO_ERROR = 10;
const SHARED_MEMORY_SIZE = IO_ERROR | (19 << 8);
const CORRUPT = 11;
const FULL = 13;
/** No two writers ever make the same position or revision, unless both believe to be the only one. */
const CONSTRAINT = 19;
const NOT_A_DATABASE = 26;
const REASONS: Readonly<Record<number, string>> = {
  5: 'another process keeps it locked',
  8: 'the file or its folder is read-only',
  14: 'the file cannot be opened; check that its folder exists and may be written to',
  15: 'the file system does not support the locks that it needs; put it on a local disk',
};
const REASONS_BY_CODE: Readonly<Record<string, string>> = {
  EACCES: 'permission was denied; check who owns the folder',
  EPERM: 'permission was denied; check who owns the folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full; make room and try again',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of its path is a file and not a folder',
  EEXIST: 'a part of its path is a file and not a folder',
  EISDIR: 'it is a folder',
  ENOENT: 'its folder does not exist and cannot be made',
  EMFILE: 'this process has too many open files',
};

/** One sentence for whatever SQLite or the file system threw. */
export function failureOf(cause: unknown, path: string): Failure {
  if (cause instanceof StoreFailure) return cause.failure;
  const code = resultCode(cause);
  if (code === ERROR || code === CORRUPT || code === NOT_A_DATABASE)
    return damaged(path, undefined, `SQLite says "${messageOf(cause)}"`).failure;
  if ((code === IO_ERROR && !isWithoutSharedMemory(cause)) || fileCode(cause) === 'EIO')
    return failed(path, DISK_ERROR).failure;
  if (code === CONSTRAINT) return failed(path, WRITTEN_BY_ANOTHER).failure;
  if (code === FULL || isWithoutSharedMemory(cause))
    return { is: 'full', message: `The event log ${path} cannot be used: the disk is full; make room and try again.` };
  const reason = (code !== undefined ? REASONS[code] : undefined) ?? REASONS_BY_CODE[fileCode(cause) ?? ''];
  return { is: 'unavailable', message: `The event log ${path} cannot be used: ${reason ?? messageOf(cause)}.` };
}

/** SQLite's primary result code; the extended one has more above its low byte. */
export function resultCode(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('errcode' in cause)) return undefined;
  return typeof cause.errcode === 'number' ? cause.errcode & 0xff : undefined;
}

/** There is no room for the index of the write-ahead log, which SQLite reports as an I/O error of its own. */
function isWithoutSharedMemory(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'errcode' in cause && cause.errcode === SHARED_MEMORY_SIZE;
}

function fileCode(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
