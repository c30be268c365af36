export const FIRST_PROCESS: string;
export const MARKER: string;
export const FOLDER_PREFIX: string;
export interface ProcessMark {
  readonly pid: number;
  /** In clock ticks since the machine started. */
  readonly startTime: string | undefined;
}
export function processMark(pid: number): ProcessMark;
export function isOwned(folder: string): boolean;
export function removeAbandonedHosts(): Promise<void>;
export function stopHosts(folder: string, say?: (line: string) => void): Promise<void>;
export function removeHosts(folder: string): Promise<void>;
export function thawBeneath(group: string): void;
export function groupFolders(group: string): readonly string[];
export function removeGroup(group: string): boolean;
