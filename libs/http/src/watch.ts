import type { PastCluster } from '#engine';
import type { Change, KubeObject, Refusal, UnloggedFacts, VersionConversion, View } from '#model';
import { isRefusal, refusals } from '#model';
import type { AnyResponse, Rendering } from './answer.js';
import type { Backend } from './backend.js';
import { faultAnswer, type OnFault } from './call.js';
import { conversionsFor, convertedChanges, convertedSlices } from './conversions.js';
import { versionOf, type CallerListOptions, type ListOptions } from './list-options.js';
import { pastScope, tooNew } from './lists.js';
import type { Route } from './routes.js';
import { answers } from './status.js';
import { followUnlogged, unloggedFacts, withUnlogged } from './unlogged.js';
import { eventsOf, WatchStream, withVersion } from './watch-stream.js';

export interface WatchCall {
  readonly backend: Backend;
  readonly route: Route;
  readonly options: CallerListOptions;
  readonly rendering: Rendering;
  readonly response: AnyResponse;
  readonly warnings?: readonly string[];
  /** Receives what a watcher threw. It ends this watch, and neither the other watches nor the process. */
  readonly onFault?: OnFault | undefined;
}

const BOOKMARK_MS = 55_000;
/** Nobody waits for a client that reads its initial state, which costs one slice of memory: it may stall for so long. */
const STALLED_MS = 60_000;
/** What a client has missed is sent in slices of so many bytes, each once it has read the one before. */
const SLICE_BYTES = 1024 * 1024;
/** So few changes are given to a client at once, without a slice of their own. */
const FEW = 8;
/** A watch without an end of its own ends after 30 to 60 minutes, so that clients spread over replicas again. */
const LIFE_MIN_MS = 30 * 60_000;

/** So many changes are converted at once. */
const CONVERTED_AT_ONCE = 100;
/** So many changes wait for a conversion webhook; what comes after them is looked up when the webhook gets there. */
const UNCONVERTED_MAX = 500;

/** Serves a watch until it times out or its client goes. Refusals before the first byte are returned. */
export async function watch(call: WatchCall): Promise<Refusal | undefined> {
  const { options } = call;
  const version = versionOf(options.resourceVersion);
  if ('error' in version) return answers.internal(version.error);
  // Asked for first: from the list to the changes after it nothing may be waited for.
  const unlogged = await unloggedFacts(call.backend, call.route);
  if (isRefusal(unlogged)) return unlogged;
  const wantsState = options.sendInitialEvents ?? version.value === 0;
  if (wantsState) return fromState({ ...call, unlogged }, version.value);
  if (version.value !== 0) {
    // One that is too old becomes an ERROR event, as the client library expects.
    new RunningWatch({ ...call, unlogged }).start().follow(version.value);
    return undefined;
  }
  const view = await call.backend.fresh();
  if (isRefusal(view)) return view;
  new RunningWatch({ ...call, unlogged }).start().follow(view.position);
  return undefined;
}

/** The client need not list again: it goes on from the last version that it has read. */
const TOO_SLOW = refusals.tooManyRequests(
  'this watch was closed because its client reads more slowly than the objects change: watch again from the last resourceVersion',
  1,
);

/** How a watch ends whose objects cannot be converted. */
function unconverted({ message }: Refusal): Refusal {
  const details = { causes: [{ message }] };
  return { refused: true, code: 500, reason: 'InternalError', message: `Internal error occurred: ${message}`, details };
}
/** What an object was is shown with the version of its leaving. */
function asLeaving(change: Change): Change {
  const { before, position } = change;
  return before ? { ...change, before: withVersion(before, position) } : change;
}

interface ReadyCall extends WatchCall {
  readonly unlogged: UnloggedFacts | undefined;
}

/** The present state as ADDED events, then every change after it. */
async function fromState(call: ReadyCall, atLeast: number): Promise<Refusal | undefined> {
  const { backend, options } = call;
  const view = options.resourceVersion === '0' ? backend.current() : await backend.fresh();
  if (isRefusal(view)) return view;
  if (atLeast > view.position) {
    const running = new RunningWatch(call);
    const late = await tooNew(backend, atLeast);
    if (late) running.stream.refuse(late);
    else await running.start().beginWith(backend.current());
    return undefined;
  }
  await new RunningWatch(call).start().beginWith(view);
  return undefined;
}

class RunningWatch {
  readonly stream: WatchStream;
  private readonly timers: NodeJS.Timeout[] = [];
  private subscription: { cancel(): void } | undefined;
  private unlogged: { cancel(): void } | undefined;
  private readonly definitions: { cancel(): void }[] = [];
  /** Everything up to here was looked at for this watcher. */
  private seen = 0;
  private isOver = false;
  private readonly conversion: VersionConversion | undefined;
  /** Changes that wait to be converted, and how far the log has been looked through with them. */
  private readonly unconverted: Change[] = [];
  private progress = 0;
  private isConverting = false;
  private isBehind = false;

  constructor(private readonly call: ReadyCall) {
    const { response, route, rendering } = call;
    this.conversion = route.on.served?.conversion;
    this.stream = new WatchStream(response, route.on, rendering, () => this.stop());
    this.stream.open(call.warnings);
  }

  /** Time runs from when the watched version is here. */
  start(): this {
    const { options, rendering } = this.call;
    if (this.isOver) return this;
    this.timers.push(setTimeout(() => this.stream.end(), lifeOf(options, LIFE_MIN_MS * (1 + Math.random()))));
    if (options.allowBookmarks) this.timers.push(setInterval(() => this.mark(), BOOKMARK_MS));
    if (this.call.route.on.kind.isCustom) this.followDefinition();
    // Kubernetes begins such a watch and then cannot write its events.
    if (rendering.form.as === 'PartialObjectMetadataList') this.stream.end();
    return this;
  }

  /**
   * The list is that of one turn, and what changes after it follows on it without a gap. It is sent as fast as the client
   * reads: however large it is, no more than a slice of it waits in memory.
   */
  async beginWith(view: View): Promise<void> {
    const { route, options, unlogged } = this.call;
    const { position } = view;
    const objects = withUnlogged(route, view, unlogged).list(route.on.kind.ref, route.namespace || undefined);
    const conversions = conversionsFor(this.call.backend, route.on);
    if (conversions) {
      if (!(await this.addConverted(convertedSlices(conversions, objects)))) return;
    } else
      for (const object of objects) {
        if (this.sees(object)) this.stream.event('ADDED', object);
        // Unlogged objects are followed from the turn of their list; they are few.
        if (unlogged === undefined && !(await this.paced(STALLED_MS))) return;
      }
    if (options.sendInitialEvents !== false && options.allowBookmarks) this.stream.bookmark(position, true);
    this.follow(position);
  }

  /** The same of objects that are converted slice by slice. */
  private async addConverted(slices: AsyncIterable<readonly KubeObject[] | Refusal>): Promise<boolean> {
    for await (const slice of slices) {
      if (isRefusal(slice)) this.stream.refuse(unconverted(slice));
      for (const object of isRefusal(slice) ? [] : slice) {
        if (this.sees(object)) this.stream.event('ADDED', object);
        if (!(await this.paced(STALLED_MS))) return false;
      }
      if (this.isOver) return false;
    }
    return true;
  }

  follow(after: number): void {
    if (this.isOver) return;
    this.seen = after;
    const { backend, route, unlogged, options } = this.call;
    const history = options.mayRead(after);
    if (history) return this.stream.refuse(history);
    const missed = backend.since(route.on.kind.id, after);
    if (missed !== undefined && (missed.length <= FEW || unlogged !== undefined) && this.subscribe()) return;
    // What the log cannot be asked for ends the connection: the client begins again from what it has seen.
    this.catchUp().catch((cause: unknown) => {
      faultAnswer(cause, this.call.onFault);
      this.stream.destroy();
    });
  }

  /** A watch ends when its kind is defined in another way or goes: the client asks again, and sees what there is now. */
  private followDefinition(): void {
    const { backend, route } = this.call;
    const { kind } = route.on;
    const look = (): void => {
      // Its versions are made anew with it, but not when it takes no more creations: deletions are still told.
      const now = backend.kinds.at(backend.current()).byId(kind.id);
      if (!this.isOver && now?.served !== kind.served) this.stream.end();
    };
    for (const { id, defines } of backend.kinds.all) {
      if (!defines) continue;
      // After what else the same events have changed was sent.
      const followed = backend.watch({ kind: id }, backend.current().position, () => void setImmediate(look));
      if (followed) this.definitions.push(followed);
    }
    look();
  }

  /** False when what was seen last lies before the kept window. */
  private subscribe(): boolean {
    const { backend, route, unlogged } = this.call;
    const { kind } = route.on;
    const scope = { kind: kind.id, ...(route.namespace !== '' && { namespace: route.namespace }) };
    const take = (changes: readonly Change[], progress: number): void =>
      this.conversion ? this.enqueue(changes, progress) : this.take(changes, progress);
    this.subscription = backend.watch(scope, this.seen, take);
    if (this.subscription && unlogged)
      this.unlogged = followUnlogged(backend, route, unlogged, (changes) => this.show(changes));
    if (this.isOver) this.cancel();
    return this.subscription !== undefined;
  }

  /** Sends what was missed as fast as the client reads, out of the kept window or out of the log, until it is up to date. */
  private async catchUp(): Promise<void> {
    const { backend, route } = this.call;
    for (;;) {
      const missed = this.isOver ? [] : backend.since(route.on.kind.id, this.seen);
      if (missed === undefined) break;
      if (this.isOver || (missed.length <= FEW && this.subscribe())) return;
      if (!(await this.takeAll(missed))) return;
    }
    await this.catchUpFromLog();
  }

  private async catchUpFromLog(): Promise<void> {
    const { backend, route, options } = this.call;
    const after = this.seen;
    const history = options.mayRead(after);
    if (history) return this.stream.refuse(history);
    for await (const { changes, position } of backend.changes(route.on.kind.id, after, () => !this.isOver)) {
      if (!(await this.takeAll(changes))) return;
      this.take([], position);
      if (this.isOver) return;
      const missed = backend.since(route.on.kind.id, this.seen);
      if (missed !== undefined) return this.catchUp();
    }
    this.stream.refuse(answers.expired(`too old resource version: ${after} (${backend.current().position})`));
  }

  /** Takes what was missed as fast as the client reads. False when the watch is over. */
  private async takeAll(changes: readonly Change[]): Promise<boolean> {
    const many = this.conversion ? CONVERTED_AT_ONCE : changes.length;
    for (let at = 0; at < changes.length; at += many) {
      const some = await this.converted(changes.slice(at, at + many));
      for (const change of some) {
        this.take([change], change.position);
        if (!(await this.paced(STALLED_MS))) return false;
      }
      if (this.isOver) return false;
    }
    return true;
  }

  /** Changes in the version that is watched. What cannot be converted ends the watch. */
  private async converted(changes: readonly Change[]): Promise<readonly Change[]> {
    const { conversion } = this;
    const { backend, options } = this.call;
    if (!conversion) return changes;
    const seen = await convertedChanges(backend, conversion, changes.map(asLeaving), options.selection.everything);
    if (!isRefusal(seen)) return seen;
    if (!this.isOver) this.stream.refuse(unconverted(seen));
    return [];
  }

  /**
   * Changes are converted one batch after the other, and sent in their order. Those that wait are bounded: a watch that is too far
   * behind catches up, as one does that began in the past.
   */
  private enqueue(changes: readonly Change[], progress: number): void {
    this.unconverted.push(...changes.filter(({ position }) => position > this.seen));
    this.progress = Math.max(this.progress, progress);
    if (this.unconverted.length > UNCONVERTED_MAX) {
      this.unconverted.length = 0;
      this.isBehind = true;
      this.subscription?.cancel();
      this.subscription = undefined;
    }
    if (this.isConverting) return;
    this.convertQueue().catch((cause: unknown) => {
      faultAnswer(cause, this.call.onFault);
      this.stream.destroy();
    });
  }

  private async convertQueue(): Promise<void> {
    this.isConverting = true;
    while (this.unconverted.length > 0 && !this.isOver) {
      const some = this.unconverted.splice(0, CONVERTED_AT_ONCE);
      const last = some.at(-1)?.position ?? 0;
      const seen = await this.converted(some);
      if (this.isOver) return;
      this.take(seen, last);
    }
    this.isConverting = false;
    if (this.isOver) return;
    if (!this.isBehind) return this.take([], this.progress);
    this.isBehind = false;
    this.progress = this.seen;
    return this.catchUp();
  }

  private take(changes: readonly Change[], progress: number): void {
    this.show(changes.filter(({ position }) => position > this.seen));
    this.seen = Math.max(this.seen, progress);
  }

  private show(changes: readonly Change[]): void {
    try {
      for (const change of changes)
        for (const [type, object] of eventsOf(change, (one) => this.sees(one))) this.stream.event(type, object);
    } catch (cause) {
      this.stream.refuse(faultAnswer(cause, this.call.onFault));
    }
    if (!this.stream.keepsUp) this.stream.refuse(TOO_SLOW);
  }

  /** Waits until the client has read the slice, once there is one. False when the watch is over. */
  private async paced(stalledMs: number): Promise<boolean> {
    if (this.isOver) return false;
    if (this.stream.unreadBytes < SLICE_BYTES) return true;
    if (!(await this.stream.drained(stalledMs))) this.stream.destroy();
    return !this.isOver;
  }

  private sees(object: KubeObject): boolean {
    const { route, options } = this.call;
    if (route.namespace !== '' && object.metadata.namespace !== route.namespace) return false;
    return options.selection.matches(object);
  }

  /** Once subscribed, all changes up to the projection's position have been handed over when a timer runs. */
  private mark(): void {
    const current = this.subscription && !this.isConverting ? this.call.backend.current().position : 0;
    this.stream.bookmark(Math.max(this.seen, current));
  }

  private stop(): void {
    this.isOver = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.cancel();
  }

  private cancel(): void {
    this.subscription?.cancel();
    this.unlogged?.cancel();
    for (const definition of this.definitions) definition.cancel();
  }
}

/** A watch in the past: the state at the moment, a bookmark, and then nothing more until it times out. */
export async function watchAt(
  then: PastCluster,
  call: Omit<WatchCall, 'options'> & { readonly options: ListOptions },
): Promise<void> {
  const { response, route, rendering, options } = call;
  const life = { timer: undefined as NodeJS.Timeout | undefined, isOver: false };
  const stream = new WatchStream(response, route.on, rendering, () => {
    life.isOver = true;
    clearTimeout(life.timer);
  });
  stream.open(call.warnings);
  // Who has listed already and goes on from there gets nothing twice.
  const goesOn =
    options.resourceVersion !== '' && options.resourceVersion !== '0' && options.sendInitialEvents !== true;
  try {
    const conversions = conversionsFor(call.backend, route.on);
    for await (const { objects } of goesOn ? [] : then.slices(pastScope(route))) {
      const seen = (await conversions?.of(objects)) ?? objects;
      if (isRefusal(seen)) return stream.refuse(unconverted(seen));
      for (const object of seen) if (options.selection.matches(object)) stream.event('ADDED', object);
      if (stream.unreadBytes >= SLICE_BYTES && !(await stream.drained(STALLED_MS))) stream.destroy();
      if (life.isOver) return;
    }
  } catch (cause) {
    return stream.refuse(faultAnswer(cause, call.onFault));
  }
  if (!goesOn || options.allowBookmarks) stream.bookmark(then.position, options.sendInitialEvents === true);
  life.timer = setTimeout(() => stream.end(), lifeOf(options, LIFE_MIN_MS));
}

function lifeOf({ timeoutSeconds }: ListOptions, otherwise: number): number {
  return timeoutSeconds !== undefined && timeoutSeconds > 0 ? Math.min(timeoutSeconds * 1000, 2 ** 31 - 1) : otherwise;
}
