import type { FileSystemReading } from '#model';

/**
 * Sizes of folders on the node, counted little by little: each step looks at a bounded number of files, whatever there is, and
 * folders take turns. Links are not followed and other file systems not entered.
 */
export interface FileTrees {
  /** From now on these folders or files are counted, and no others. */
  watch(paths: ReadonlySet<string>): void;
  /** Goes on counting for a moment. */
  step(): void;
  /** Undefined until something was counted, and for what is missing. */
  usage(path: string): FileSystemReading | undefined;
  /** The whole file system that a path is on. */
  space(path: string): FileSystemReading | undefined;
}
