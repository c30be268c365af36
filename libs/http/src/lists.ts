import type { PastCluster, PastScope } from '#engine';
import type { KubeObject, Refusal, View } from '#model';
import { isRefusal, refusals } from '#model';
import { goJsonError, type Instant } from '#std';
import type { Answer, Rendering } from './answer.js';
import { goPackage } from './answer.js';
import type { Backend } from './backend.js';
import { areInVersion, conversionsFor } from './conversions.js';
import { versionOf, type CallerListOptions, type ListOptions, type Selection } from './list-options.js';
import { contentType } from './negotiate.js';
import { itemText, partialText, shown } from './object-text.js';
import type { Route, ServedKind } from './routes.js';
import { answers } from './status.js';
import { rowText, tableOfRows } from './table.js';
import { inTurns } from './turns.js';
import { unloggedHistory } from './unlogged-history.js';
import { missingInThePast, unknownInThePast, unloggedFacts, withUnlogged, type Listed } from './unlogged.js';

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** Milliseconds that a read waits for a version that is not here yet. */
export const VERSION_TIMEOUT_MS = 3000;

export async function list(
  backend: Backend,
  route: Route,
  options: CallerListOptions,
  rendering: Rendering,
): Promise<Answer | Refusal> {
  if (options.historySeconds !== undefined && route.on.kind.unlogged?.history)
    return unloggedHistory(backend, route, options.selection, options.historySeconds);
  const plan = await planned(backend, options);
  if (isRefusal(plan)) return plan;
  const facts = await unloggedFacts(backend, route, options.selection.name);
  if (isRefusal(facts)) return facts;
  const page = await pageOf(backend, route, options, { ...plan, view: withUnlogged(route, plan.view, facts) });
  if (isRefusal(page)) return page;
  return pageAnswer(route.on, page, rendering);
}

/** The logged objects that a list would give: those that can be deleted. */
export async function pageFor(backend: Backend, route: Route, options: CallerListOptions): Promise<Page | Refusal> {
  const plan = await planned(backend, options);
  return isRefusal(plan) ? plan : await pageOf(backend, route, options, plan);
}

/** A list in the past: as it was then, whatever version was asked for. */
export async function listAt(
  { backend, then }: { readonly backend: Backend; readonly then: PastCluster },
  route: Route,
  options: ListOptions,
  rendering: Rendering,
): Promise<Answer | Refusal> {
  const token = options.continue === '' ? undefined : readToken(options.continue);
  if (isRefusal(token)) return token;
  const unknown = await then.look((view) => unknownInThePast(route, view));
  if (unknown) return unknown;
  const page = await pastPage({ backend, then }, route, options, token?.start ?? '');
  if (isRefusal(page)) return page;
  const answer = await pageAnswer(route.on, page, rendering);
  if (isRefusal(answer)) return answer;
  return { ...answer, warnings: await then.look((view) => missingInThePast(route, view)) };
}

/** What of the past is listed by a route, from a key of a page on. */
export function pastScope({ on: { kind }, namespace }: Route, start = ''): PastScope {
  if (kind.names.namespaced && namespace === '') return { kind: kind.id, from: start };
  if (namespace === '') return { kind: kind.id, from: start && `_/${start}` };
  return { kind: kind.id, namespace, from: start && `${namespace}/${start}` };
}

async function pastPage(
  { backend, then }: { readonly backend: Backend; readonly then: PastCluster },
  route: Route,
  { selection, limit }: ListOptions,
  start: string,
): Promise<Page | Refusal> {
  const objects: KubeObject[] = [];
  let left = 0;
  const conversions = conversionsFor(backend, route.on);
  let unconverted: Refusal | undefined;
  const refusal = await then.gather(pastScope(route, start), async (slice) => {
    const seen = (await conversions?.of(slice.objects)) ?? slice.objects;
    if (isRefusal(seen)) {
      unconverted = seen;
      return false;
    }
    let at = 0;
    const someOf = function* (): Generator<KubeObject | undefined> {
      for (let found = objects.length; at < seen.length && (limit === 0 || found < limit); at++) {
        const object = seen[at] as KubeObject;
        const isMatch = selection.matches(object);
        if (isMatch) found++;
        yield isMatch ? object : undefined;
      }
    };
    for (const object of await inTurns(someOf())) if (object) objects.push(object);
    left = slice.objects.length - at + slice.left;
    return limit === 0 || objects.length < limit;
  });
  if (refusal ?? unconverted) return (refusal ?? unconverted) as Refusal;
  return { objects, meta: pageMeta(route, { selection, position: then.position, since: 0 }, { objects, left }) };
}

/** A list of this many is worth to be kept as bytes for who asks next. */
const MANY = 100;

async function pageAnswer(on: ServedKind, { objects, meta }: Page, rendering: Rendering): Promise<Answer | Refusal> {
  const { form } = rendering;
  if (form.as === undefined && form.media === 'json' && !form.pretty && objects.length >= MANY) {
    const bytes = Buffer.concat([
      Buffer.from(`${listHead(on, meta)},"items":[`),
      await itemsBytes(on, objects),
      Buffer.from(']}\n'),
    ]);
    return { code: 200, bytes, type: contentType(form), form };
  }
  const json = await listText(on, objects, rendering, meta);
  return typeof json === 'string' ? { code: 200, json, form } : json;
}

/** Views give the very same array as long as nothing of it changed, so its bytes are made once for all who ask. */
const itemsOf = new WeakMap<readonly KubeObject[], { readonly on: ServedKind; readonly bytes: Buffer }>();

async function itemsBytes(on: ServedKind, objects: readonly KubeObject[]): Promise<Buffer> {
  const known = itemsOf.get(objects);
  if (known?.on === on) return known.bytes;
  const bytes = Buffer.concat(await inTurns(encodedItems(on, objects)));
  itemsOf.set(objects, { on, bytes });
  return bytes;
}

/** Characters that are encoded at once. */
const ENCODED_CHARACTERS = 64 * 1024;
/** The texts of the items with the commas between them, in pieces of many. */
function* encodedItems(on: ServedKind, objects: readonly KubeObject[]): Generator<Buffer> {
  let text = '';
  for (const [i, object] of objects.entries()) {
    if (i > 0) text += ',';
    text += itemText(on, object);
    if (text.length < ENCODED_CHARACTERS) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}

/** The texts of many objects, made in turns: each may be that of a large one. */
async function joined(objects: readonly KubeObject[], textOf: (object: KubeObject) => string): Promise<string> {
  const texts = function* (): Generator<string> {
    for (const object of objects) yield textOf(object);
  };
  return (await inTurns(texts())).join(',');
}

function listHead(on: ServedKind, meta: ListMeta): string {
  return `{"kind":"${on.kind.names.listKind}","apiVersion":"${on.apiVersion}","metadata":${JSON.stringify(on.kind.isCustom ? { continue: '', ...meta } : meta)}`;
}

interface Plan {
  readonly view: Listed;
  /** The first key that may be given, relative to what is listed. */
  readonly start: string;
  readonly limit: number;
  /** When the first page of the state was given. */
  readonly since: Instant;
}
/** Of a state as the log has it. */
interface WholePlan extends Plan {
  readonly view: View;
}

/** Which state is listed, and from where. */
async function planned(backend: Backend, options: CallerListOptions): Promise<WholePlan | Refusal> {
  const { resourceVersion, match, limit } = options;
  const since = backend.moment();
  if (options.continue !== '') return continued(backend, options);
  const version = versionOf(resourceVersion);
  if ('error' in version) return answers.badRequest(`invalid resource version: ${version.error}`);
  if (resourceVersion === '') {
    const view = await backend.fresh();
    return isRefusal(view) ? view : { view, start: '', limit, since };
  }
  if (version.value === 0) return { view: backend.current(), start: '', limit: 0, since };
  const late = await tooNew(backend, version.value);
  if (late) return late;
  const isExact = match === 'Exact' || (match === '' && limit > 0);
  if (!isExact) return { view: backend.current(), start: '', limit, since };
  const history = options.mayRead(version.value);
  if (history) return history;
  const view = backend.recent(version.value, since);
  if (view) return { view, start: '', limit, since };
  return answers.expired(`The resourceVersion for the provided list is too old.`);
}

/** Waits for a version from the near future; the refusal when it does not come. */
export async function tooNew(backend: Backend, version: number): Promise<Refusal | undefined> {
  if (version <= backend.current().position || (await backend.reached(version, VERSION_TIMEOUT_MS))) return undefined;
  return answers.tooLargeVersion(version, backend.current().position);
}

async function continued(backend: Backend, options: CallerListOptions): Promise<WholePlan | Refusal> {
  const { resourceVersion, limit } = options;
  const token = readToken(options.continue);
  if (isRefusal(token)) return token;
  if (resourceVersion !== '' && resourceVersion !== '0') {
    return answers.badRequest('specifying resource version is not allowed when using continue');
  }
  const rest = { start: token.start, limit: resourceVersion === '0' ? 0 : limit };
  if (token.version === INCONSISTENT) {
    const view = await backend.fresh();
    return isRefusal(view) ? view : { view, ...rest, since: backend.moment() };
  }
  const late = await tooNew(backend, token.version);
  if (late) return late;
  const { version, start, since } = token;
  const next = { continue: writeToken({ version: INCONSISTENT, start, since }) };
  const history = options.mayRead(version);
  if (history) return { ...history, ...next };
  const view = backend.recent(version, since);
  if (view) return { view, ...rest, since };
  return { ...TOKEN_EXPIRED, ...next };
}

const TOKEN_EXPIRED: Refusal = answers.expired(
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
);
/** Version of a token whose pages are read from the newest state. */
const INCONSISTENT = -1;

interface Token {
  readonly version: number;
  readonly start: string;
  /** When the first page of the state was given. */
  readonly since: Instant;
}
function writeToken({ version, start, since }: Token): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start, since })).toString('base64url');
}
function readToken(text: string): Token | Refusal {
  const invalid = (why: string): Refusal =>
    answers.badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const wrong = /[^A-Za-z0-9_-]/.exec(text);
  if (wrong || text.length % 4 === 1)
    return invalid(`illegal base64 data at input byte ${wrong?.index ?? text.length - 1}`);
  const json = Buffer.from(text, 'base64url').toString('utf8');
  let token: { v?: unknown; rv?: unknown; start?: unknown; since?: unknown };
  try {
    token = JSON.parse(json) as typeof token;
  } catch {
    return invalid(goJsonError(json));
  }
  if (token?.v !== 'meta.k8s.io/v1') return invalid('server does not recognize this encoded version');
  const { rv, start, since } = token;
  if (typeof rv !== 'number' || !Number.isInteger(rv) || rv === 0)
    return invalid('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '') return invalid('no start key provided');
  // A token that was made elsewhere has no time: only its version counts.
  return { version: rv, start, since: typeof since === 'number' ? since : Infinity };
}

export interface Page {
  readonly objects: readonly KubeObject[];
  readonly meta: ListMeta;
}

/** What the view has in this turn: it may be another one after the first wait. */
async function pageOf(
  backend: Backend,
  route: Route,
  { selection }: ListOptions,
  { view, start, limit, since }: Plan,
): Promise<Page | Refusal> {
  const { position } = view;
  const resourceVersion = String(position);
  const all = view.list(route.on.kind.ref, route.namespace || undefined);
  const from = start === '' ? 0 : firstAtOrAfter(all, start, keyIn(route));
  const conversions = areInVersion(route.on, all) ? undefined : conversionsFor(backend, route.on);
  if (conversions) {
    const found = await conversions.page(all.slice(from), { selection, limit });
    if (isRefusal(found)) return found;
    const meta = limit === 0 ? { resourceVersion } : pageMeta(route, { selection, position, since }, found);
    return { objects: found.objects, meta };
  }
  if (limit === 0) {
    const objects = await (from === 0 ? selectedOf(all, selection) : selected(all.slice(from), selection));
    return { objects, meta: { resourceVersion } };
  }
  let at = from;
  const someOf = function* (): Generator<KubeObject | undefined> {
    for (let found = 0; at < all.length && found < limit; at++) {
      const object = all[at] as KubeObject;
      const isMatch = selection.matches(object);
      if (isMatch) found++;
      yield isMatch ? object : undefined;
    }
  };
  const objects = (await inTurns(someOf())).filter((object) => object !== undefined);
  return { objects, meta: pageMeta(route, { selection, position, since }, { objects, left: all.length - at }) };
}

function keyIn({ on, namespace }: Route): (object: KubeObject) => string {
  const isEverywhere = on.kind.names.namespaced && namespace === '';
  return ({ metadata }) => (isEverywhere ? `${metadata.namespace ?? ''}/${metadata.name}` : metadata.name);
}

/** Of a page which the last of `objects` ended. */
function pageMeta(
  route: Route,
  {
    selection,
    position,
    since,
  }: Pick<ListOptions, 'selection'> & { readonly position: number; readonly since: Instant },
  { objects, left }: { readonly objects: readonly KubeObject[]; readonly left: number },
): ListMeta {
  const resourceVersion = String(position);
  const last = objects.at(-1);
  // One name in one namespace is read by its key: nothing follows it.
  const isPinned = selection.name !== undefined && !(route.on.kind.names.namespaced && route.namespace === '');
  if (left === 0 || isPinned || !last) return { resourceVersion };
  const token = writeToken({ version: position, start: `${keyIn(route)(last)}\0`, since });
  return { resourceVersion, continue: token, ...(selection.everything && { remainingItemCount: left }) };
}

/** How many selections of one list are kept. */
const SELECTIONS_KEPT = 32;
const selections = new WeakMap<readonly KubeObject[], Map<string, readonly KubeObject[]>>();

/** What a selection finds. Views give the very same array as long as nothing of it changed, so it is found once for all. */
async function selectedOf(all: readonly KubeObject[], selection: Selection): Promise<readonly KubeObject[]> {
  if (selection.everything) return all;
  let kept = selections.get(all);
  if (!kept) selections.set(all, (kept = new Map()));
  let found = kept.get(selection.text);
  if (!found) {
    found = await selected(all, selection);
    if (kept.size >= SELECTIONS_KEPT) kept.clear();
    kept.set(selection.text, found);
  }
  return found;
}

/** A selection may have ten thousand requirements, which each object is held against. */
async function selected(all: readonly KubeObject[], { matches }: Selection): Promise<readonly KubeObject[]> {
  const found = function* (): Generator<KubeObject | undefined> {
    for (const object of all) yield matches(object) ? object : undefined;
  };
  return (await inTurns(found())).filter((object) => object !== undefined);
}

function firstAtOrAfter(all: readonly KubeObject[], start: string, keyOf: (object: KubeObject) => string): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(all[middle] as KubeObject) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A list of objects in the form that was asked for. */
export async function listText(
  on: ServedKind,
  objects: readonly KubeObject[],
  { form, include, now, refusal }: Rendering,
  meta: ListMeta,
): Promise<string | Refusal> {
  if (refusal) return refusal;
  const metadata = JSON.stringify(meta);
  switch (form.as) {
    case undefined: {
      const items = await joined(objects, (object) => itemText(on, object));
      return `${listHead(on, meta)},"items":[${items}]}`;
    }
    case 'PartialObjectMetadataList': {
      const texts = await joined(objects, (object) => partialText(shown(on, object), form.asVersion));
      const items = objects.length === 0 ? 'null' : `[${texts}]`;
      return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/${form.asVersion}","metadata":${metadata},"items":${items}}`;
    }
    case 'Table': {
      const table = { version: form.asVersion, include, now: now() };
      const rows = await joined(objects, (object) => rowText(on, object, table));
      return tableOfRows(on, rows, table, { metadata });
    }
    case 'PartialObjectMetadata':
      return answers.noSuchForm(form.as, `a list (*${goPackage(on)}.${on.kind.names.listKind})`);
  }
}

export const notFound = (route: Route): Refusal => {
  const { kind, group } = route.on;
  return refusals.notFound({ group, resource: kind.names.plural, kind: kind.names.kind, name: route.name });
};
