import type { CheckpointStore } from '#engine';

/** Checkpoints that outlive a process of the simulation. Some are torn: the process died while it wrote. */
export class MemoryCheckpoints implements CheckpointStore {
  private readonly kept = new Map<number, string>();

  constructor(private readonly isTorn: () => boolean) {}

  positions(): Promise<readonly number[]> {
    return Promise.resolve([...this.kept.keys()]);
  }
  read(position: number): Promise<string | undefined> {
    return Promise.resolve(this.kept.get(position));
  }
  write(position: number, content: string): Promise<void> {
    this.kept.set(position, this.isTorn() ? content.slice(0, content.length / 2) : content);
    return Promise.resolve();
  }
}
