import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { privateFolderWithParents } from '../private-files.js';
import { bindMount, unmountBeneath } from './mounts.js';

const MARKER = 'seen';

/** Asks the container engine whether it sees a file of a folder. */
export type EngineSees = (folder: string, name: string) => Promise<boolean>;

/**
 * Why what this process mounts beneath a folder does not reach containers, undefined when it does: it may not mount, or the
 * engine lives in another mount namespace. Found out by a trial.
 */
export async function mountProblem(folder: string, engineSees: EngineSees): Promise<string | undefined> {
  privateFolderWithParents(folder);
  const [source, target] = [join(folder, 'mount-source'), join(folder, 'mount-trial')];
  await clear(source, target);
  try {
    for (const path of [source, target]) await mkdir(path, { mode: 0o700 });
    await writeFile(join(source, MARKER), '', { mode: 0o600 });
    const handle = await open(source);
    try {
      await bindMount(handle, target);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return `the agent may not mount here: run it as root on the node (${why})`;
    } finally {
      await handle.close();
    }
    if (await engineSees(target, MARKER)) return undefined;
    return 'the container engine does not see what the agent mounts here: run the agent on the node itself';
  } finally {
    await clear(source, target);
  }
}

async function clear(source: string, target: string): Promise<void> {
  await unmountBeneath(target);
  for (const path of [source, target]) await rm(path, { recursive: true, force: true });
}
