/**
 * The small files in which the kernel shows what it counts: /proc and /sys/fs/cgroup. Reading one never waits for a disk, so
 * all calls are synchronous; what is missing or may not be read is undefined, never a fault.
 */
export interface KernelFiles {
  /** The whole text of a file that is seldom read, at most 64 KiB of it. */
  text(path: string): string | undefined;
  /** Names in a folder, in any order. */
  names(path: string): readonly string[] | undefined;
  /** Keeps a file open that is read often. */
  open(path: string): KernelFile | undefined;
}
export interface KernelFile {
  /** Its text now; undefined once the thing that it tells of is gone. */
  read(): string | undefined;
  close(): void;
}
