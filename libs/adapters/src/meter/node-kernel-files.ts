import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import type { KernelFile, KernelFiles } from '#ports';

const BYTES_MAX = 64 * 1024;
const buffer = Buffer.allocUnsafe(BYTES_MAX);

/** The files of this machine's kernel. All reads share one buffer, since none of them waits. */
export class NodeKernelFiles implements KernelFiles {
  text(path: string): string | undefined {
    const file = this.open(path);
    if (file === undefined) return undefined;
    try {
      return file.read();
    } finally {
      file.close();
    }
  }
  names(path: string): readonly string[] | undefined {
    try {
      return readdirSync(path);
    } catch {
      return undefined;
    }
  }
  open(path: string): KernelFile | undefined {
    try {
      return new KeptFile(openSync(path, 'r'));
    } catch {
      return undefined;
    }
  }
}

class KeptFile implements KernelFile {
  private isOpen = true;
  constructor(private readonly descriptor: number) {}

  read(): string | undefined {
    if (!this.isOpen) return undefined;
    try {
      return buffer.toString('latin1', 0, readSync(this.descriptor, buffer, 0, BYTES_MAX, 0));
    } catch {
      return undefined;
    }
  }
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeSync(this.descriptor);
  }
}
