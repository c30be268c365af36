import type {
  Change,
  KindRef,
  KubeObject,
  Refusal,
  Unlogged,
  UnloggedFact,
  UnloggedFacts,
  UnloggedPlace,
  Verb,
  View,
} from '#model';
import { isRefusal, refusals } from '#model';
import { jsonEquals } from '#std';
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
  const isWithin = namespace === '' || unlogged?.namespace === undefined || namespace === unlogged.namespace;
  return isWithin ? unlogged : undefined;
}
/** What of them a route is about. A list may be of one name alone. */
function placeOf({ namespace, name }: Pick<Route, 'namespace' | 'name'>): UnloggedPlace {
  return { ...(namespace !== '' && { namespace }), ...(name !== '' && { name }) };
}

/** What is remembered of them, for {@link withUnlogged}; `only` is the one name that is wanted, where it is one. */
export async function unloggedFacts(
  backend: Backend,
  route: Route,
  only = '',
): Promise<UnloggedFacts | Refusal | undefined> {
  const source = unloggedOf(route);
  return source && backend.unlogged(source, placeOf({ namespace: route.namespace, name: only }));
}

/** The view with the unlogged objects among the logged ones. */
export function withUnlogged(route: Route, view: View, remembered: UnloggedFacts | undefined): Listed {
  const source = unloggedOf(route);
  if (!source || !remembered) return view;
  const beside = remembered.facts.flatMap((fact) =>
    isLogged(view, route, fact) ? [] : (source.object(fact, view) ?? []),
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

/** The unlogged object of the route's name, or why there is none; undefined where that is for the kind to say. */
export async function unloggedObject(
  backend: Backend,
  route: Route,
  view: View,
): Promise<KubeObject | Refusal | undefined> {
  const source = unloggedOf(route);
  if (!source) return undefined;
  const place = placeOf(route);
  return (await objectOf(backend, source, { place, view })) ?? source.missing?.(place, view);
}

/** Such an object cannot be changed by an event, and a logged one of its name would hide it. */
export async function unwritable(
  backend: Backend,
  route: Route,
  { verb, name }: { readonly verb: Verb; readonly name: string },
): Promise<Refusal | undefined> {
  const source = unloggedOf(route);
  const view = backend.current();
  const place = placeOf({ namespace: route.namespace, name });
  if (!source || isLogged(view, route, { ...place, name })) return undefined;
  const object = await objectOf(backend, source, { place, view });
  if (object === undefined || isRefusal(object)) return object;
  const { kind, group } = route.on;
  if (verb === 'create')
    return refusals.alreadyExists({ group, resource: kind.names.plural, kind: kind.names.kind, name });
  return { ...answers.methodNotAllowed, message: `${source.remark}: they cannot be written` };
}

/** Why the past does not know whether there was such an object, or which there were. */
export function unknownInThePast(route: Route, view: View): Refusal | undefined {
  const source = unloggedOf(route);
  if (!source) return undefined;
  const isUnknown = source.isWhole ?? (route.name !== '' && source.mayHave(view, placeOf(route)));
  return isUnknown ? answers.badRequest(`${source.remark}: they cannot be had from the past`) : undefined;
}

/** What a list from the past has to say of itself. */
export function missingInThePast(route: Route, view: View): readonly string[] {
  const source = unloggedOf(route);
  return source?.mayHave(view, {}) ? [`${source.remark}: the past is shown without them`] : [];
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
  private readonly shown = new Map<string, { readonly fact: UnloggedFact; readonly object: KubeObject }>();

  constructor(
    private readonly source: Unlogged,
    private readonly route: Route,
  ) {}

  take({ facts }: UnloggedFacts, view: View): readonly Change[] {
    // What is not among the facts is not gone: an app that has just started does not know it yet.
    const known = new Map([...this.shown].map(([key, { fact }]) => [key, fact]));
    for (const fact of facts) known.set(keyOf(fact), fact);
    return [...known].flatMap(([key, fact]) => this.changesOf(key, fact, view));
  }

  private changesOf(key: string, fact: UnloggedFact, view: View): readonly Change[] {
    const { source, route, shown } = this;
    const known = shown.get(key);
    const before = known?.object;
    const isHidden = isLogged(view, route, fact);
    const after = isHidden ? undefined : source.object(fact, view);
    if (before && after && before.metadata.uid === after.metadata.uid && jsonEquals(fact.fact, known?.fact.fact))
      return [];
    if (after) shown.set(key, { fact, object: after });
    else shown.delete(key);
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
  { place, view }: { readonly place: UnloggedPlace; readonly view: View },
): Promise<KubeObject | Refusal | undefined> {
  if (!source.mayHave(view, place)) return undefined;
  const remembered = await backend.unlogged(source, place);
  if (isRefusal(remembered)) return remembered;
  const { namespace, name } = place;
  const fact = remembered.facts.find(
    (one) => one.name === name && (namespace === undefined || one.namespace === namespace),
  );
  return fact && source.object(fact, view);
}

function isLogged(view: View, { on }: Route, { namespace, name }: Omit<UnloggedFact, 'fact'>): boolean {
  return view.get(on.kind.ref, namespace, name) !== undefined;
}

/** The order of Kubernetes' store, in which lists are. */
function inOrder({ metadata: a }: KubeObject, { metadata: b }: KubeObject): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
function keyOf({ namespace, name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace ?? ''}/${name}`;
}
