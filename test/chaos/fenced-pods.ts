import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FENCED, FENCED_MARK } from './host-scene.js';

const LOOK_MS = 300;
/** A process gets the environment of its container a moment after it began. */
const KNOWN_AFTER = 3;

/**
 * Pods that must not run twice, as the kernel has them: an engine that is frozen says nothing, and its containers run. Of the same
 * host and engine or not, two containers of one pod are two PID namespaces whose processes have its mark.
 */
export class FencedPods {
  readonly violations: string[] = [];
  private readonly pods = new Map<number, string>();
  private readonly looked = new Map<number, number>();
  private readonly seen = new Set<string>();
  private running = true;
  private readonly done: Promise<void>;

  constructor() {
    this.done = this.watch();
  }

  /** A watch that saw no pod is a violation too. */
  async end(): Promise<void> {
    this.running = false;
    await this.done;
    if (this.seen.size < FENCED.length) this.violations.push('no fenced pod runs twice: none was ever seen');
  }

  private async watch(): Promise<void> {
    while (this.running) {
      // Between one that ends and the next of the same pod: only what is there at two looks runs at once.
      const twice = this.twice();
      const still = twice.length > 0 ? this.twice() : [];
      for (const one of twice) if (still.includes(one) && !this.violations.includes(one)) this.violations.push(one);
      await sleep(LOOK_MS);
    }
  }

  private twice(): readonly string[] {
    const spaces = new Map<string, Set<string>>();
    for (const [pid, pod] of this.processes()) {
      const space = linkOf(`/proc/${pid}/ns/pid`);
      if (space === '' || podOf(pid) !== pod) continue;
      this.seen.add(pod);
      spaces.set(pod, (spaces.get(pod) ?? new Set()).add(space));
    }
    return [...spaces]
      .filter(([, all]) => all.size > 1)
      .map(([pod, all]) => `no fenced pod runs twice: ${pod} in ${[...all].sort().join(' and ')}`);
  }

  /** Processes of pods that must not run twice. What a process is of is read as long as it is new. */
  private processes(): ReadonlyMap<number, string> {
    const present = new Set(
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number),
    );
    for (const known of [this.pods, this.looked])
      for (const pid of known.keys()) if (!present.has(pid)) known.delete(pid);
    for (const pid of present) {
      const times = this.looked.get(pid) ?? 0;
      if (times >= KNOWN_AFTER) continue;
      this.looked.set(pid, times + 1);
      const pod = podOf(pid);
      if (pod !== undefined) this.pods.set(pid, pod);
    }
    return this.pods;
  }
}

function podOf(pid: number): string | undefined {
  try {
    return new RegExp(`(?:^|\0)${FENCED_MARK}=([^\0]*)`).exec(readFileSync(`/proc/${pid}/environ`, 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
