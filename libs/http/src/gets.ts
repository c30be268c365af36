import type { KubeObject, Refusal, View } from '#model';
import { decideCommand, isRefusal, isUndecided } from '#model';
import { objectJson, responseAnswer, type Answer, type Rendering } from './answer.js';
import type { Backend } from './backend.js';
import { notFoundQuoted, type Call } from './call.js';
import { inVersion } from './conversions.js';
import { versionOf } from './list-options.js';
import { tooNew } from './lists.js';
import { shown } from './object-text.js';
import type { Route } from './routes.js';
import { answers, type HttpRefusal } from './status.js';
import { unknownInThePast, unloggedObject } from './unlogged.js';

/** Reads one object, or a subresource of it. */
export async function get(
  backend: Backend,
  { query, past }: Call,
  route: Route,
  rendering: Rendering,
): Promise<Answer | HttpRefusal> {
  const logged = (view: View): KubeObject | undefined =>
    view.get(route.on.kind.ref, route.namespace || undefined, route.name);
  if (past) {
    const then = await backend.at(past.position);
    if (isRefusal(then)) return then;
    if (route.on.served?.conversion) {
      const object = await then.look((view) => logged(view) ?? unknownInThePast(route, view));
      return converted(backend, object, { route, rendering });
    }
    return then.look((view) => got(backend, view, logged(view) ?? unknownInThePast(route, view), { route, rendering }));
  }
  const view = await viewForGet(backend, query.get('resourceVersion') ?? '');
  if (isRefusal(view)) return view;
  if (route.on.served?.conversion) return converted(backend, logged(view), { route, rendering });
  const object = logged(view) ?? (await unloggedObject(backend, route, view));
  return got(backend, view, object, { route, rendering });
}
/** The answer to a get of what may have to be converted first. */
async function converted(
  backend: Backend,
  object: KubeObject | Refusal | undefined,
  { route, rendering }: { readonly route: Route; readonly rendering: Rendering },
): Promise<Answer | HttpRefusal> {
  if (!object) return notFoundQuoted(route);
  const seen = isRefusal(object) ? object : await inVersion(backend, route.on, object);
  if (isRefusal(seen)) return seen;
  const show = route.subresource?.show;
  if (show) return responseAnswer(200, show(shown(route.on, seen)), seen, { route, rendering });
  const json = objectJson(route.on, seen, rendering);
  return typeof json === 'string' ? { code: 200, json, form: rendering.form } : json;
}
/** The answer to a get of what was found. */
function got(
  backend: Backend,
  view: View,
  object: KubeObject | Refusal | undefined,
  { route, rendering }: { readonly route: Route; readonly rendering: Rendering },
): Answer | HttpRefusal {
  if (!object) return notFoundQuoted(route);
  if (isRefusal(object)) return object;
  const { subresource } = route;
  if (subresource && subresource.kind !== route.on.kind.names.kind)
    return derived(backend, view, object, { route, rendering });
  const json = objectJson(route.on, object, rendering);
  return typeof json === 'string' ? { code: 200, json, form: rendering.form } : json;
}
async function viewForGet(backend: Backend, resourceVersion: string): Promise<View | Refusal> {
  if (resourceVersion === '') return backend.fresh();
  const version = versionOf(resourceVersion);
  if ('error' in version) return answers.internal(version.error);
  return (await tooNew(backend, version.value)) ?? backend.current();
}
/** A subresource that is another object (a Scale): what a change of nothing would answer. */
function derived(
  backend: Backend,
  view: View,
  object: KubeObject,
  { route, rendering }: { route: Route; rendering: Rendering },
): Answer | HttpRefusal {
  const { on, namespace, name, subresource } = route;
  const decided = decideCommand(
    backend.kinds,
    {
      verb: 'patch',
      patchType: 'merge',
      kind: on.kind.id,
      apiVersion: on.apiVersion,
      ...(namespace !== '' && { namespace }),
      name,
      subresource: subresource?.name ?? '',
      body: {},
      options: { dryRun: true },
      actor: { name: 'system:apiserver', groups: ['system:masters'] },
      via: 'read',
      correlationId: '',
    },
    view,
    { now: rendering.now(), uid: '', isAdmitted: true },
  );
  if (isRefusal(decided)) return decided;
  if (isUndecided(decided) || !decided.response) return answers.noSuchResource;
  return responseAnswer(200, decided.response, object, { route, rendering });
}
