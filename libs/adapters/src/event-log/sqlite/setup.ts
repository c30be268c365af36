/** Given to a worker at its start. */
export interface WorkerSetup {
  readonly path: string;
  /** `write` holds the lock and appends; `read` only reads, beside a writer of any process. */
  readonly mode: 'write' | 'read';
  /** Whether to check the file when it is opened; a second connection of the same process need not. */
  readonly check: boolean;
  /** Whether to open the file at once, or only when the main thread says so: a thread takes its time to start. */
  readonly opens: boolean;
  /** How the disk is to fail in a test; see {@link FaultyDisk}. */
  readonly faults?: string;
}
