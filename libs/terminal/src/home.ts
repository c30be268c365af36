import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** The folder with all that a cluster keeps on this machine: SHIPLOG_HOME, or `~/.shiplog`. */
export function homeFolder(env: NodeJS.ProcessEnv): string {
  return absolute(env['SHIPLOG_HOME'] || join(homedir(), '.shiplog'));
}

export function absolute(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}
