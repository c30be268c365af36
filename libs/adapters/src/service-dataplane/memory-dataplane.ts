import type { Frontend, FrontendChanges } from '#model';
import type { DataplanePlace, ServiceDataplane } from '#ports';

/** Remembers what it is to lead where, and leads nobody; refuses when it is told to. */
export class MemoryDataplane implements ServiceDataplane {
  readonly mode = 'memory';
  place: DataplanePlace | undefined;
  readonly frontends = new Map<string, Frontend>();
  /** Calls that were carried out: `open`, `replace`, `apply`. */
  readonly calls: string[] = [];
  /** Why calls are refused; undefined: they are carried out. */
  refusal: string | undefined;

  async open(place: DataplanePlace): Promise<void> {
    await this.carryOut('open');
    this.place = place;
  }
  async replace(frontends: readonly Frontend[]): Promise<void> {
    await this.carryOut('replace');
    this.frontends.clear();
    for (const frontend of frontends) this.frontends.set(frontend.key, frontend);
  }
  async apply({ changed, gone }: FrontendChanges): Promise<void> {
    await this.carryOut('apply');
    for (const frontend of changed) this.frontends.set(frontend.key, frontend);
    for (const key of gone) this.frontends.delete(key);
  }
  check(): Promise<boolean> {
    return Promise.resolve(this.place !== undefined);
  }
  remove(): Promise<void> {
    this.place = undefined;
    this.frontends.clear();
    return Promise.resolve();
  }

  private carryOut(call: string): Promise<void> {
    if (this.refusal !== undefined) return Promise.reject(new Error(this.refusal));
    this.calls.push(call);
    return Promise.resolve();
  }
}
