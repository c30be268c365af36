import type { Clock, ContainerRuntime, RuntimeImage } from '#ports';

const KNOWN_FOR_MS = 10_000;

/** Images that were found a moment ago are not looked for again: many pods of one kind start together. */
export class KnownImages {
  private readonly known = new Map<string, { readonly found: RuntimeImage; readonly at: number }>();

  constructor(
    private readonly runtime: Pick<ContainerRuntime, 'image'>,
    private readonly clock: Clock,
  ) {}
  async find(reference: string): Promise<RuntimeImage | undefined> {
    const known = this.known.get(reference);
    if (known && this.clock.monotonic() - known.at < KNOWN_FOR_MS) return known.found;
    const found = await this.runtime.image(reference);
    if (found) this.known.set(reference, { found, at: this.clock.monotonic() });
    else this.known.delete(reference);
    return found;
  }
  /** It was not there after all. */
  forget(reference: string): void {
    this.known.delete(reference);
  }
}
