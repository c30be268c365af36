import { configMaps, customResourceDefinitions, deployments, pods } from '#kinds';
import { isRefusal, type KindId } from '#model';
import type { Prng } from '#std';
import type { ControlProcess } from './control-process.js';
import { customKindsOf } from './custom-kinds.js';
import { CUSTOM_KINDS } from './definitions.js';
import type { Observations } from './observations.js';
import type { Slots } from './slots.js';
import { positionOf, Watcher } from './watcher.js';

const KINDS: readonly KindId[] = [pods.id, deployments.id, configMaps.id];
const PAGE = 2;

/** Clients that list, page, watch and look into the past, through any process that has a view of the log. */
export class Readers {
  private readonly watchers: Watcher[];
  private readonly kinds: readonly KindId[];

  constructor(
    private readonly chance: Prng,
    private readonly slots: Slots,
    private readonly observations: Observations,
    private readonly hasDefinitions = false,
  ) {
    this.kinds = hasDefinitions ? [...KINDS, customResourceDefinitions.id, ...CUSTOM_KINDS] : KINDS;
    this.watchers = this.kinds.map((kind) => new Watcher(kind, observations));
  }

  act(): void {
    const { chance, slots } = this;
    const { reading } = slots;
    if (reading.length === 0) return;
    const process = chance.pick(reading);
    const kind = chance.pick(this.kinds);
    const look = chance.pick([
      () => this.list(process, kind),
      () => this.pages(process, kind),
      () => this.past(process, kind),
      () => this.watch(process),
      () => this.watch(process),
      ...(this.hasDefinitions ? [() => this.customKinds(process), () => this.customKindsThen(process)] : []),
    ]);
    look().catch(() => undefined);
  }

  /** Whatever is watched is brought to its present state. */
  finish(): void {
    for (const watcher of this.watchers) {
      watcher.compare();
      watcher.judge();
    }
  }

  private async watch(process: ControlProcess): Promise<void> {
    const watcher = this.chance.pick(this.watchers);
    watcher.compare();
    if (!watcher.isConnected || this.chance.chance(0.2)) await watcher.connect(process);
  }

  /** What a process serves of custom kinds: now, and a while later as of that moment, as the pages of a list are. */
  private async customKinds(process: ControlProcess): Promise<void> {
    const { observations } = this;
    const first = await process.ask(async (backend) => {
      const view = await backend.fresh();
      if (isRefusal(view)) return undefined;
      const position = positionOf(backend);
      observations.addKinds({ what: 'a list', position, kinds: customKindsOf(backend.kinds, view) });
      return { position, since: backend.now() };
    });
    if (!first) return;
    const { position, since } = first;
    await process.ask((backend) => {
      const view = backend.recent(position, since);
      if (view) observations.addKinds({ what: 'a page', position, kinds: customKindsOf(backend.kinds, view) });
      // Behind the log as it may be: it serves what the definitions that it knows make.
      const kinds = customKindsOf(backend.kinds, backend.current());
      observations.addKinds({ what: 'what is served', position: positionOf(backend), kinds });
      return Promise.resolve();
    });
  }

  private async customKindsThen(process: ControlProcess): Promise<void> {
    const position = this.observations.somePosition(this.chance);
    if (position === undefined) return;
    await process.ask(async (backend) => {
      const then = await backend.at(position);
      if (isRefusal(then)) return;
      const kinds = await then.look((view) => customKindsOf(backend.kinds, view));
      this.observations.addKinds({ what: 'a look at the past', position, kinds });
    });
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
      const then = await backend.at(position);
      if (isRefusal(then)) return;
      const objects = await then.look((view) => view.list({ id: kind }));
      this.observations.add({ what: 'a look at the past', kind, position, objects });
    });
  }
}
