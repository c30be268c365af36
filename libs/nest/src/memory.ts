import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often to look whether the process has little to do by now. */
const LOOK_MS = 3_000;
/** Less of a core than this is little. */
const QUIET_SHARE = 0.1;

/** Gives memory back once the start's work is over and nobody is kept waiting by it: it takes some 100 ms. */
export function giveMemoryBackWhenQuiet(): void {
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    if ((user + system) / 1000 > LOOK_MS * QUIET_SHARE) return;
    clearInterval(timer);
    giveMemoryBack();
  }, LOOK_MS).unref();
}

/**
 * Gives memory back that only the start needed: compiled modules and read events leave a heap several times the size of
 * what lives on, and V8 keeps it for a process that then does little.
 */
function giveMemoryBack(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
