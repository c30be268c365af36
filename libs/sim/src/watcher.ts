import type { ClusterBackend } from '#engine';
import { isRefusal, streamOf, type Change, type KindId, type KubeObject, type View } from '#model';
import { wrongVersions, type Watched } from './checkers/watch-versions.js';
import type { ControlProcess } from './control-process.js';
import type { Observations } from './observations.js';

const VERSION_MS = 3000;

/** A client that lists once and then watches: over lost connections, from one process to the next. */
export class Watcher {
  isConnected = false;
  private readonly objects = new Map<string, KubeObject>();
  /** Up to where it has seen everything; undefined before its list. */
  private version: number | undefined;
  private connection = 0;
  /** What it had listed, and what it was sent since. */
  private listed: readonly KubeObject[] = [];
  private sent: Watched[] = [];

  constructor(
    private readonly kind: KindId,
    private readonly observations: Observations,
  ) {}

  async connect(process: ControlProcess): Promise<void> {
    const connection = ++this.connection;
    this.isConnected = false;
    await process.ask(async (backend) => {
      const isWanted = (): boolean => this.connection === connection;
      if (this.version === undefined) await this.list(backend, isWanted);
      const { version } = this;
      if (version === undefined || !isWanted() || !(await backend.reached(version, VERSION_MS))) return;
      const onChanges = (changes: readonly Change[], progress: number): void => {
        if (isWanted() && process.alive) this.take(changes, progress);
      };
      let followed = isWanted() && backend.watch({ kind: this.kind }, version, onChanges);
      if (!followed && isWanted()) {
        // What lies before the window comes out of the log.
        for await (const { changes, position } of backend.changes(this.kind, version, isWanted)) {
          if (!isWanted()) return;
          this.take(changes, position);
        }
        followed = isWanted() && backend.watch({ kind: this.kind }, this.version ?? 0, onChanges);
      }
      if (!isWanted()) return;
      // Gone: as told by 410, it begins anew.
      if (!followed) this.begin([], undefined);
      else this.isConnected = true;
    });
  }

  compare(): void {
    if (this.version === undefined) return;
    const objects = [...this.objects.values()];
    this.observations.add({ what: 'a list and its watch', kind: this.kind, position: this.version, objects });
  }

  private async list(backend: ClusterBackend, isWanted: () => boolean): Promise<void> {
    const view = await backend.fresh();
    if (isRefusal(view) || !isWanted()) return;
    this.begin(view.list({ id: this.kind }), positionOf(backend));
  }

  private begin(objects: readonly KubeObject[], version: number | undefined): void {
    this.judge();
    this.objects.clear();
    for (const object of objects) this.objects.set(this.streamOf(object), object);
    this.listed = objects;
    this.version = version;
  }
  /** Holds what one list and the watches that followed it were sent against the rules for versions. */
  judge(): void {
    for (const message of wrongVersions(this.sent, this.listed))
      this.observations.wrong(`a watch of ${this.kind}: ${message}`);
    this.sent = [];
  }

  private take(changes: readonly Change[], progress: number): void {
    for (const { position, after, before } of changes) {
      const object = after ?? before;
      // An event of a writer that was voted out changes nothing.
      if (!object || this.version === undefined || after === before) continue;
      // As the API does: where memory and log meet, something may come twice.
      if (position <= this.version) continue;
      if (Number(object.metadata.resourceVersion) !== position && after)
        this.observations.wrong(
          `a watch was told of ${this.streamOf(object)} at ${position} with version ${object.metadata.resourceVersion}`,
        );
      if (after) this.objects.set(this.streamOf(object), after);
      else this.objects.delete(this.streamOf(object));
      this.sent.push({
        type: after ? (before ? 'MODIFIED' : 'ADDED') : 'DELETED',
        object: after ?? gone(object, position),
      });
      this.version = position;
    }
    this.version = Math.max(this.version ?? 0, progress);
  }

  private streamOf({ metadata }: KubeObject): string {
    return streamOf(this.kind, metadata.namespace, metadata.name);
  }
}

/** A list carries the version of the state that it was taken from. */
export function positionOf(backend: ClusterBackend): number {
  return (backend.current() as View & { readonly position: number }).position;
}

/** As the API shows it: as it was last, with the version of its end. */
function gone(object: KubeObject, position: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(position) } };
}
