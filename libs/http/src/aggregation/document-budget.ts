/** Bytes of documents that all aggregated servers have together; what is beyond it is not kept. */
const BYTES_MAX = 16 * 1024 * 1024;

/** Counts the bytes of the documents that are kept, by the name of their APIService. */
export class DocumentBudget {
  private readonly sizes = new Map<string, number>();
  private total = 0;

  constructor(private readonly bytesMax = BYTES_MAX) {}

  /** Whether there is room for a document in the place of the one that the name had. */
  keep(name: string, bytes: number): boolean {
    this.free(name);
    if (this.total + bytes > this.bytesMax) return false;
    this.sizes.set(name, bytes);
    this.total += bytes;
    return true;
  }
  free(name: string): void {
    this.total -= this.sizes.get(name) ?? 0;
    this.sizes.delete(name);
  }
}
