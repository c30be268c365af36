import type { Change, KindRef, KubeObject, Refusal, Unlogged, UnloggedFacts, Verb, View } from '#model';
import { isRefusal, refusals } from '#model';
import { jsonEquals, type Json } from '#std';
import type { Backend } from './backend.js';
import type { Route } from './routes.js';
import { answers } from './status.js';

/** As much of a view as a list is made from. */
export interface Listed {
  readonly position: number;
  list(kind: KindRef, namespace?: string): readonly KubeObject[];
}

/** Where the unlogged objects come from that this route can show; undefined for nearly all routes. */
export function unloggedOf({ on, namespace }: Route): Unlogged | undefined {
  const { unlogged } = on.kind;
  return unlogged && (namespace === '' || namespace === unlogged.namespace) ? unlogged : undefined;
}

/** What is remembered of them, for {@link withUnlogged}. */
export async function unloggedFacts(backend: Backend, route: Route): Promise<UnloggedFacts | Refusal | undefined> {
  const source = unloggedOf(route);
  return source && backend.unlogged(source);
}

/** The view with the unlogged objects among the logged ones. */
export function withUnlogged(route: Route, view: View, remembered: UnloggedFacts | undefined): Listed {
  const source = unloggedOf(route);
  if (!source || !remembered) return view;
  const beside = Object.entries(remembered.facts).flatMap(([name, fact]) =>
    isLogged(view, route, source, name) ? [] : (source.object(name, fact, view) ?? []),
  );
  if (beside.length === 0) return view;
  return {
    position: view.position,
    list: (kind, namespace) => {
      const logged = view.list(kind, namespace);
      return kind.id === route.on.kind.id ? [...logged, ...beside].sort(inOrder) : logged;
    },
  };
}

/** The unlogged object of the route's name, where there is one. */
export async function unloggedObject(
  backend: Backend,
  route: Route,
  view: View,
): Promise<KubeObject | Refusal | undefined> {
  const source = unloggedOf(route);
  return source && objectOf(backend, source, { name: route.name, view });
}

/** Such an object cannot be changed by an event, and a logged one of its name would hide it. */
export async function unwritable(
  backend: Backend,
  route: Route,
  { verb, name }: { readonly verb: Verb; readonly name: string },
): Promise<Refusal | undefined> {
  const source = unloggedOf(route);
  const view = backend.current();
  if (!source || isLogged(view, route, source, name)) return undefined;
  const object = await objectOf(backend, source, { name, view });
  if (object === undefined || isRefusal(object)) return object;
  const { kind, group } = route.on;
  if (verb === 'create')
    return refusals.alreadyExists({ group, resource: kind.names.plural, kind: kind.names.kind, name });
  return { ...answers.methodNotAllowed, message: `${source.remark}: they cannot be written` };
}

/** Why the past does not know whether there was such an object. */
export function unknownInThePast(route: Route, view: View): Refusal | undefined {
  const source = unloggedOf(route);
  if (!source?.names(view).includes(route.name)) return undefined;
  return answers.badRequest(`${source.remark}: they cannot be had from the past`);
}

/** What a list from the past has to say of itself. */
export function missingInThePast(route: Route, view: View): readonly string[] {
  const source = unloggedOf(route);
  return source && source.names(view).length > 0 ? [`${source.remark}: the past is shown without them`] : [];
}

/** Every later change of the unlogged objects; a watcher has seen, or listed, those of `since`. */
export function followUnlogged(
  backend: Backend,
  route: Route,
  since: UnloggedFacts,
  onChanges: (changes: readonly Change[]) => void,
): { cancel(): void } | undefined {
  const source = unloggedOf(route);
  if (!source) return undefined;
  const state = new UnloggedState(source, route);
  state.take(since, backend.current());
  return backend.followUnlogged(source, since.revision, (facts) => onChanges(state.take(facts, backend.current())));
}

/** What a watcher has seen of the unlogged objects: the difference to what is remembered later are the changes. */
class UnloggedState {
  private readonly shown = new Map<string, { readonly fact: Json; readonly object: KubeObject }>();

  constructor(
    private readonly source: Unlogged,
    private readonly route: Route,
  ) {}

  take({ facts }: UnloggedFacts, view: View): readonly Change[] {
    // What is not among the facts is not gone: an app that has just started does not know it yet.
    const known = new Map(Object.entries(facts));
    const names = new Set([...known.keys(), ...this.shown.keys()]);
    return [...names].flatMap((name) => this.changesOf(name, known.get(name), view));
  }

  private changesOf(name: string, newest: Json | undefined, view: View): readonly Change[] {
    const { source, route, shown } = this;
    const known = shown.get(name);
    const fact = newest ?? known?.fact ?? null;
    const before = known?.object;
    const isHidden = isLogged(view, route, source, name);
    const after = isHidden ? undefined : source.object(name, fact, view);
    if (before && after && before.metadata.uid === after.metadata.uid && jsonEquals(fact, known?.fact)) return [];
    if (after) shown.set(name, { fact, object: after });
    else shown.delete(name);
    // Of a logged object the log itself tells.
    if (isHidden) return [];
    const { position } = view;
    const kind = route.on.kind.id;
    if (before && after && before.metadata.uid !== after.metadata.uid)
      return [
        { kind, position, before, after: undefined },
        { kind, position, before: undefined, after },
      ];
    return before || after ? [{ kind, position, before, after }] : [];
  }
}

async function objectOf(
  backend: Backend,
  source: Unlogged,
  { name, view }: { readonly name: string; readonly view: View },
): Promise<KubeObject | Refusal | undefined> {
  if (!source.names(view).includes(name)) return undefined;
  const remembered = await backend.unlogged(source);
  if (isRefusal(remembered)) return remembered;
  const fact = remembered.facts[name];
  return fact === undefined ? undefined : source.object(name, fact, view);
}

function isLogged(view: View, { on }: Route, { namespace }: Unlogged, name: string): boolean {
  return view.get(on.kind.ref, namespace, name) !== undefined;
}

/** The order of Kubernetes' store, in which lists are. */
function inOrder(a: KubeObject, b: KubeObject): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
