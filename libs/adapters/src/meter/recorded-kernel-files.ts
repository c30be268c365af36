import type { KernelFile, KernelFiles } from '#ports';

/** Files of a kernel as somebody recorded them: paths with their texts. What is put or removed later shows in open files too. */
export class RecordedKernelFiles implements KernelFiles {
  private readonly files: Map<string, string>;
  /** How often something was read. */
  reads = 0;

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.files = new Map(Object.entries(files));
  }
  put(path: string, text: string): void {
    this.files.set(path, text);
  }
  /** Removes a file, or a folder with all that is in it. */
  remove(path: string): void {
    for (const name of this.files.keys()) if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
  }

  text(path: string): string | undefined {
    this.reads++;
    return this.files.get(path);
  }
  names(path: string): readonly string[] | undefined {
    const start = path.endsWith('/') ? path : `${path}/`;
    const names = [...this.files.keys()].filter((name) => name.startsWith(start));
    if (names.length === 0) return undefined;
    return [...new Set(names.map((name) => name.slice(start.length).split('/')[0] ?? ''))];
  }
  open(path: string): KernelFile | undefined {
    if (!this.files.has(path)) return undefined;
    return { read: () => this.text(path), close: () => undefined };
  }
}
