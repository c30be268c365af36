import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// By path: compiled, this file stands in dist, where the tools are not.
export const root = process.cwd();
const tool = (name: string): string => pathToFileURL(join(root, 'tools', name)).href;
export const {
  FIRST_PROCESS,
  FOLDER_PREFIX,
  MARKER,
  groupFolders,
  isOwned,
  processMark,
  removeAbandonedHosts,
  removeHosts,
  thawBeneath,
} = (await import(tool('remove-hosts.mjs'))) as typeof import('../../../tools/remove-hosts.mjs');
export const { engine } = (await import(tool('engine.mjs'))) as typeof import('../../../tools/engine.mjs');
const cluster = (await import(tool('cluster.mjs'))) as typeof import('../../../tools/cluster.mjs');
export const { onEnd } = cluster;

/** The environment without what it says of a cluster or an engine of this machine: hosts have their own. */
export function hostEnvironment(): NodeJS.ProcessEnv {
  const isForeign = (name: string): boolean => /^(SHIPLOG_|DOCKER_|KUBECONFIG$)/.test(name);
  return Object.fromEntries(Object.entries(cluster.withCompiled).filter(([name]) => !isForeign(name)));
}
