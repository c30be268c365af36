import type { Change, KubeObject, Refusal, UnloggedFacts, View } from '#model';
import { isRefusal } from '#model';
import type { AnyResponse, Rendering } from './answer.js';
import type { Backend } from './backend.js';
import { faultAnswer, type OnFault } from './call.js';
import { versionOf, type ListOptions } from './list-options.js';
import { tooNew } from './lists.js';
import type { Route } from './routes.js';
import { answers } from './status.js';
import { followUnlogged, unloggedFacts, withUnlogged } from './unlogged.js';
import { eventsOf, WatchStream } from './watch-stream.js';

export interface WatchCall {
  readonly backend: Backend;
  readonly route: Route;
  readonly options: ListOptions;
  readonly rendering: Rendering;
  readonly response: AnyResponse;
  readonly warnings?: readonly string[];
  /** Receives what a watcher threw. It ends this watch, and neither the other watches nor the process. */
  readonly onFault?: OnFault | undefined;
}

const BOOKMARK_MS = 55_000;
/** Others may be waiting for the log while a client reads slowly what comes out of it. */
const SLOW_MS = 10_000;
const AT_ONCE = 64;
/** A watch without an end of its own ends after 30 to 60 minutes, so that clients spread over replicas again. */
const LIFE_MIN_MS = 30 * 60_000;

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
    else running.start().beginWith(backend.current());
    return undefined;
  }
  new RunningWatch(call).start().beginWith(view);
  return undefined;
}

class RunningWatch {
  readonly stream: WatchStream;
  private readonly timers: NodeJS.Timeout[] = [];
  private subscription: { cancel(): void } | undefined;
  private unlogged: { cancel(): void } | undefined;
  /** Everything up to here was looked at for this watcher. */
  private seen = 0;
  private isOver = false;

  constructor(private readonly call: ReadyCall) {
    const { response, route, rendering } = call;
    this.stream = new WatchStream(response, route.on, rendering, () => this.stop());
    this.stream.open(call.warnings);
  }

  /** Time runs from when the watched version is here. */
  start(): this {
    const { options, rendering } = this.call;
    if (this.isOver) return this;
    this.timers.push(setTimeout(() => this.stream.end(), lifeOf(options, LIFE_MIN_MS * (1 + Math.random()))));
    if (options.allowBookmarks) this.timers.push(setInterval(() => this.mark(), BOOKMARK_MS));
    // Kubernetes begins such a watch and then cannot write its events.
    if (rendering.form.as === 'PartialObjectMetadataList') this.stream.end();
    return this;
  }

  /** Runs in one turn: the list and the changes after it leave no gap. */
  beginWith(view: View): void {
    const { route, options, unlogged } = this.call;
    for (const object of withUnlogged(route, view, unlogged).list(route.on.kind.ref, route.namespace || undefined)) {
      if (this.sees(object)) this.stream.event('ADDED', object);
    }
    if (options.sendInitialEvents !== false && options.allowBookmarks) this.stream.bookmark(view.position, true);
    this.follow(view.position);
  }

  follow(after: number): void {
    if (this.isOver) return;
    this.seen = after;
    // What the log cannot be asked for ends the connection: the client begins again from what it has seen.
    if (this.subscribe()) return;
    this.catchUp().catch((cause: unknown) => {
      faultAnswer(cause, this.call.onFault);
      this.stream.destroy();
    });
  }

  /** False when what was seen last lies before the kept window. */
  private subscribe(): boolean {
    const { backend, route, unlogged } = this.call;
    const take = (changes: readonly Change[], progress: number): void => this.take(changes, progress);
    this.subscription = backend.watch(route.on.kind.id, this.seen, take);
    if (this.subscription && unlogged)
      this.unlogged = followUnlogged(backend, route, unlogged, (changes) => this.show(changes));
    if (this.isOver) this.cancel();
    return this.subscription !== undefined;
  }

  /** Reads the log until the kept window takes over, as fast as the client reads. */
  private async catchUp(): Promise<void> {
    const { backend, route } = this.call;
    const after = this.seen;
    for await (const { changes, position } of backend.changes(route.on.kind.id, after, () => !this.isOver)) {
      // A short event may stand for a large object: few at a time.
      for (let i = 0; i < changes.length && !this.isOver; i += AT_ONCE) {
        const some = changes.slice(i, i + AT_ONCE);
        this.take(some, some.at(-1)?.position ?? 0);
        if (!(await this.stream.drained(SLOW_MS))) return this.stream.destroy();
      }
      this.take([], position);
      if (this.isOver || this.subscribe()) return;
    }
    this.stream.refuse(answers.expired(`too old resource version: ${after} (${backend.current().position})`));
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
    if (!this.stream.keepsUp) this.stream.destroy();
  }

  private sees(object: KubeObject): boolean {
    const { route, options } = this.call;
    if (route.namespace !== '' && object.metadata.namespace !== route.namespace) return false;
    return options.selection.matches(object);
  }

  /** Once subscribed, all changes up to the projection's position have been handed over when a timer runs. */
  private mark(): void {
    const current = this.subscription ? this.call.backend.current().position : 0;
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
  }
}

/** A watch in the past: the state at the moment, a bookmark, and then nothing more until it times out. */
export function watchAt(view: View, call: Omit<WatchCall, 'backend'>): void {
  const { response, route, rendering, options } = call;
  const timers: NodeJS.Timeout[] = [];
  const stream = new WatchStream(response, route.on, rendering, () => timers.forEach(clearTimeout));
  stream.open(call.warnings);
  // Who has listed already and goes on from there gets nothing twice.
  const goesOn =
    options.resourceVersion !== '' && options.resourceVersion !== '0' && options.sendInitialEvents !== true;
  if (!goesOn) {
    for (const object of view.list(route.on.kind.ref, route.namespace || undefined)) {
      if (options.selection.matches(object)) stream.event('ADDED', object);
    }
  }
  if (!goesOn || options.allowBookmarks) stream.bookmark(view.position, options.sendInitialEvents === true);
  timers.push(setTimeout(() => stream.end(), lifeOf(options, LIFE_MIN_MS)));
}

function lifeOf({ timeoutSeconds }: ListOptions, otherwise: number): number {
  return timeoutSeconds !== undefined && timeoutSeconds > 0 ? Math.min(timeoutSeconds * 1000, 2 ** 31 - 1) : otherwise;
}
