/** Which streams a key leads to. */
export class StreamIndex {
  private readonly streams = new Map<string, Set<string>>();

  get(key: string): ReadonlySet<string> | undefined {
    return this.streams.get(key);
  }
  add(key: string, stream: string): void {
    const streams = this.streams.get(key);
    if (streams) streams.add(stream);
    else this.streams.set(key, new Set([stream]));
  }
  drop(key: string, stream: string): void {
    const streams = this.streams.get(key);
    if (!streams) return;
    streams.delete(stream);
    if (streams.size === 0) this.streams.delete(key);
  }
}
