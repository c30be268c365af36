import type { ClusterBackend } from '#engine';
import { configMaps, deployments, pods } from '#kinds';
import { isRefusal, streamOf, type Change, type KindId, type KubeObject, type View } from '#model';
import type { Prng } from '#std';
import type { ControlProcess } from './control-process.js';
import type { Observations } from './observations.js';
import type { Slots } from './slots.js';

const KINDS: readonly KindId[] = [pods.id, deployments.id, configMaps.id];
const VERSION_MS = 3000;
const PAGE = 2;

/** Clients that list, page, watch and look into the past, through any process that takes requests. */
export class Readers {
  private readonly watchers: Watcher[];

  constructor(
    private readonly chance: Prng,
    private readonly slots: Slots,
    private readonly observations: Observations,
  ) {
    this.watchers = KINDS.map((kind) => new Watcher(kind, observations));
  }

  act(): void {
    const { chance, slots } = this;
    const { serving } = slots;
    if (serving.length === 0) return;
    const process = chance.pick(serving);
    const kind = chance.pick(KINDS);
    const look = chance.pick([
      () => this.list(process, kind),
      () => this.pages(process, kind),
      () => this.past(process, kind),
      () => this.watch(process),
      () => this.watch(process),
    ]);
    look().catch(() => undefined);
  }

  /** Whatever is watched is brought to its present state. */
  finish(): void {
    for (const watcher of this.watchers) watcher.compare();
  }

  private async watch(process: ControlProcess): Promise<void> {
    const watcher = this.chance.pick(this.watchers);
    watcher.compare();
    if (!watcher.isConnected || this.chance.chance(0.2)) await watcher.connect(process);
  }

  private async list(process: ControlProcess, kind: KindId): Promise<void> {
    await process.ask(async (backend) => {
      const view = await backend.fresh();
      if (!isRefusal(view))
        this.observations.add({
          what: 'a list',
          kind,
          position: positionOf(backend),
          objects: view.list({ id: kind }),
        });
    });
  }

  /** The pages of one list, as `limit` and `continue` give them: all of the state that the first one began. */
  private async pages(process: ControlProcess, kind: KindId): Promise<void> {
    const { observations } = this;
    const first = await process.ask(async (backend) => {
      const view = await backend.fresh();
      if (isRefusal(view)) return undefined;
      return { position: positionOf(backend), objects: view.list({ id: kind }).slice(0, PAGE), since: backend.now() };
    });
    if (!first) return;
    const objects = [...first.objects];
    for (let size = PAGE; size === PAGE;) {
      const page = await process.ask((backend) => {
        const view = backend.recent(first.position, first.since);
        return Promise.resolve(view?.list({ id: kind }).slice(objects.length, objects.length + PAGE));
      });
      if (!page) return;
      objects.push(...page);
      size = page.length;
    }
    observations.add({ what: 'the pages of a list', kind, position: first.position, objects });
  }

  private async past(process: ControlProcess, kind: KindId): Promise<void> {
    const position = this.observations.somePosition(this.chance);
    if (position === undefined) return;
    await process.ask(async (backend) => {
      const view = await backend.at(position);
      if (!isRefusal(view))
        this.observations.add({ what: 'a look at the past', kind, position, objects: view.list({ id: kind }) });
    });
  }
}

/** A client that lists once and then watches: over lost connections, from one process to the next. */
class Watcher {
  isConnected = false;
  private readonly objects = new Map<string, KubeObject>();
  /** Up to where it has seen everything; undefined before its list. */
  private version: number | undefined;
  private connection = 0;

  constructor(
    private readonly kind: KindId,
    private readonly observations: Observations,
  ) {}

  async connect(process: ControlProcess): Promise<void> {
    const connection = ++this.connection;
    this.isConnected = false;
    await process.ask(async (backend) => {
      const isWanted = (): boolean => this.connection === connection;
      if (this.version === undefined) await this.list(backend);
      const { version } = this;
      if (version === undefined || !isWanted() || !(await backend.reached(version, VERSION_MS))) return;
      const onChanges = (changes: readonly Change[], progress: number): void => {
        if (isWanted() && process.alive) this.take(changes, progress);
      };
      let followed = isWanted() && backend.watch(this.kind, version, onChanges);
      if (!followed && isWanted()) {
        // What lies before the window comes out of the log.
        for await (const { changes, position } of backend.changes(this.kind, version, isWanted)) {
          if (!isWanted()) return;
          this.take(changes, position);
        }
        followed = isWanted() && backend.watch(this.kind, this.version ?? 0, onChanges);
      }
      // Gone: as told by 410, it begins anew.
      if (!followed) this.version = undefined;
      else this.isConnected = isWanted();
    });
  }

  compare(): void {
    if (this.version === undefined) return;
    const objects = [...this.objects.values()];
    this.observations.add({ what: 'a list and its watch', kind: this.kind, position: this.version, objects });
  }

  private async list(backend: ClusterBackend): Promise<void> {
    const view = await backend.fresh();
    if (isRefusal(view)) return;
    this.objects.clear();
    for (const object of view.list({ id: this.kind })) this.objects.set(this.streamOf(object), object);
    this.version = positionOf(backend);
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
      this.version = position;
    }
    this.version = Math.max(this.version ?? 0, progress);
  }

  private streamOf({ metadata }: KubeObject): string {
    return streamOf(this.kind, metadata.namespace, metadata.name);
  }
}

/** A list carries the version of the state that it was taken from. */
function positionOf(backend: ClusterBackend): number {
  return (backend.current() as View & { readonly position: number }).position;
}
