import type { PodWay } from '#model';
import type { PathListener, PathProber, PathQuestion } from '#ports';

/** The probers of all nodes, joined; what passes between them is up to the test. Answers are there at once. */
export class MemoryPaths {
  /** Whether a packet gets from one address to another by a way. */
  passes: (from: string, to: string, way: PodWay) => boolean = () => true;
  readonly questions: (PathQuestion & { readonly from: string })[] = [];
  private readonly open = new Map<string, PathListener>();

  prober(): PathProber {
    return new MemoryPathProber(this);
  }
  listen(address: string, listener: PathListener): void {
    this.open.set(address, listener);
  }
  leave(address: string): void {
    this.open.delete(address);
  }
  carry(from: string, question: PathQuestion): void {
    const { to, way, stance } = question;
    this.questions.push({ ...question, from });
    if (!this.passes(from, to, way)) return;
    const said = this.open.get(to)?.asked({ from, way, stance });
    if (said === undefined || !this.passes(to, from, way)) return;
    this.open.get(from)?.answered({ from: to, way, stance: said });
  }
}

class MemoryPathProber implements PathProber {
  private address: string | undefined;

  constructor(private readonly paths: MemoryPaths) {}

  async open(address: string, listener: PathListener): Promise<void> {
    if (this.address !== address) await this.close();
    this.address = address;
    this.paths.listen(address, listener);
  }
  ask(question: PathQuestion): void {
    if (this.address !== undefined) this.paths.carry(this.address, question);
  }
  forget(): void {
    // An answer is there before anybody could be forgotten.
  }
  close(): Promise<void> {
    if (this.address !== undefined) this.paths.leave(this.address);
    this.address = undefined;
    return Promise.resolve();
  }
}
