import type { CheckpointStore } from '#engine';

/** Checkpoints that outlive a process of the simulation. Some are torn: the process died while it wrote. */
export class MemoryCheckpoints implements CheckpointStore {
  private readonly kept = new Map<number, string>();

  constructor(private readonly isTorn: () => boolean) {}

  positions(): Promise<readonly number[]> {
    return Promise.resolve([...this.kept.keys()]);
  }
  async *read(position: number): AsyncIterable<string> {
    const content = this.kept.get(position);
    if (content !== undefined) yield content;
  }
  async write(position: number, slices: AsyncIterable<string>): Promise<void> {
    let content = '';
    for await (const slice of slices) content += slice;
    this.kept.set(position, this.isTorn() ? content.slice(0, content.length / 2) : content);
  }
  remove(position: number): Promise<void> {
    this.kept.delete(position);
    return Promise.resolve();
  }
}
