import { writeSync } from 'node:fs';

/** What the log's worker does with its files, by kind. */
export const DISK_OPERATIONS = ['begin', 'insert', 'commit', 'mark', 'read', 'room'] as const;
export type DiskOperation = (typeof DISK_OPERATIONS)[number];

/** Every operation of the worker on its files goes through here, so that a test can make each kind fail. */
export interface Disk {
  /** Carries out an operation of the database. */
  run<T>(operation: DiskOperation, work: () => T): T;
  /** Writes to a file beside the database. */
  write(operation: DiskOperation, what: DiskWrite): void;
}
export interface DiskWrite {
  readonly file: number;
  readonly bytes: Uint8Array;
  readonly at: number;
}

export const realDisk: Disk = {
  run: (_operation, work) => work(),
  write: (_operation, { file, bytes, at }) => {
    // A write may be cut short without an error; the next one then says why.
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, at + done);
  },
};
