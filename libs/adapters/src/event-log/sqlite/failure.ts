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

/** A statement that does not fit the tables: they are not what this build made. */
const ERROR = 1;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;
const REASONS: Readonly<Record<number, string>> = {
  5: 'another process keeps it locked',
  8: 'the file or its folder is read-only',
  10: 'the disk reported an error',
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
  if (code === FULL)
    return { is: 'full', message: `The event log ${path} cannot be used: the disk is full; make room and try again.` };
  const reason = (code !== undefined ? REASONS[code] : undefined) ?? REASONS_BY_CODE[fileCode(cause) ?? ''];
  return { is: 'unavailable', message: `The event log ${path} cannot be used: ${reason ?? messageOf(cause)}.` };
}

/** SQLite's primary result code; the extended one has more above its low byte. */
export function resultCode(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('errcode' in cause)) return undefined;
  return typeof cause.errcode === 'number' ? cause.errcode & 0xff : undefined;
}

function fileCode(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
