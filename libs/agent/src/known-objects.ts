import { pause } from '#engine';
import type { AssignedObject } from '#model';
import { isJsonObject } from '#std';
import type { AgentOptions } from './options.js';

const VERSION = 1;
const SAVE_AFTER_MS = 5000;
/** After a save that took a while, the next one comes so many times later: a large cluster that changes costs little. */
const REST_FACTOR = 50;
const BYTES_MAX = 64 * 1024 * 1024;
/** So many objects are turned into text before others get a turn. */
const SLICE = 500;

/**
 * Keeps on the disk what the node was told of beside its pods: Services, EndpointSlices, Namespaces, ConfigMaps, its Node; never a
 * Secret. So an agent that starts while the control plane is away serves services and names as they were last known. What was told
 * in the last seconds before the agent died may be missing. Beyond {@link BYTES_MAX} the rest is left out.
 */
export class KnownObjects {
  private isChanged = false;
  private saving = false;
  private stopped = false;
  private isCut = false;

  constructor(
    private readonly options: AgentOptions,
    private readonly now: () => Iterable<AssignedObject>,
  ) {}

  /** Empty when there are none that can be read: the next sync brings them. */
  async load(cluster: string): Promise<readonly AssignedObject[]> {
    try {
      const text = await this.options.volumes.loadKnown();
      const known: unknown = text === undefined ? undefined : JSON.parse(text);
      if (!isJsonObject(known) || known['version'] !== VERSION || known['cluster'] !== cluster) return [];
      const { objects } = known;
      return Array.isArray(objects) ? objects.filter(isAssigned) : [];
    } catch (error) {
      this.options.log?.(`what was known of the cluster cannot be read: ${wordsOf(error)}`);
      return [];
    }
  }

  /** Writes them soon. */
  save(cluster: string | undefined): void {
    this.isChanged = true;
    if (this.saving || cluster === undefined) return;
    this.saving = true;
    void this.saveUntilDone(cluster);
  }
  stop(): void {
    this.stopped = true;
  }

  private async saveUntilDone(cluster: string): Promise<void> {
    const { clock, log } = this.options;
    let restMs = SAVE_AFTER_MS;
    while (this.isChanged) {
      await pause(clock, restMs);
      if (this.stopped) return;
      this.isChanged = false;
      const begun = clock.monotonic();
      try {
        const text = await this.text(cluster);
        if (this.stopped) return;
        await this.options.volumes.saveKnown(text);
      } catch (error) {
        log?.(`saving what is known of the cluster: ${wordsOf(error)}`);
      }
      restMs = Math.max(SAVE_AFTER_MS, REST_FACTOR * (clock.monotonic() - begun));
    }
    this.saving = false;
  }
  private async text(cluster: string): Promise<string> {
    const parts: string[] = [];
    let bytes = 0;
    for (const object of [...this.now()]) {
      const part = JSON.stringify(object);
      bytes += part.length;
      if (bytes > BYTES_MAX) {
        if (!this.isCut)
          this.options.log?.(`what is known of the cluster exceeds ${BYTES_MAX} bytes: the rest is not kept`);
        this.isCut = true;
        break;
      }
      if (parts.push(part) % SLICE === 0) await pause(this.options.clock, 0);
    }
    return `{"version":${VERSION},"cluster":${JSON.stringify(cluster)},"objects":[${parts.join()}]}`;
  }
}

function isAssigned(one: unknown): one is AssignedObject {
  return (
    isJsonObject(one) &&
    typeof one['stream'] === 'string' &&
    typeof one['uid'] === 'string' &&
    typeof one['position'] === 'number' &&
    isJsonObject(one['object']) &&
    isJsonObject(one['object']['metadata'])
  );
}
function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
