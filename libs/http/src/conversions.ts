import type { Change, KubeObject, Refusal, VersionConversion } from '#model';
import { isRefusal, refusals } from '#model';
import type { Instant } from '#std';
import type { Backend } from './backend.js';
import type { ListOptions } from './list-options.js';
import type { ServedKind } from './routes.js';

/**
 * As many bytes of objects, and as many objects, are sent to a conversion webhook in one question. What is sent and what comes back is
 * each read, checked and pruned in one turn of the thread that answers everybody: a mebibyte takes 50 ms of it.
 */
const BATCH_BYTES = 128 * 1024;
const BATCH_OBJECTS = 500;
/** Objects of a list that are converted before they are selected from. */
const LOOKED_AT_MAX = 2_000;
/** How long all conversions of one request may take together. */
const CONVERTING_MS = 60_000;
/** Bytes that the converted objects of one request may have. */
export const CONVERTED_BYTES_MAX = 128 * 1024 * 1024;
/** How long what was converted for one watcher serves others too: they see a change within the same turn. */
const SHARED_MS = 1_000;

type Asks = Pick<Backend, 'ask' | 'current' | 'moment' | 'uid'>;

/**
 * Turns objects from the version that they are stored in into the one that is asked for: the one place where reads do so. Objects
 * that have it already are handed back as they are; where the kind has no conversion webhook all have.
 */
export class RequestConversions {
  private readonly until: Instant;
  private bytes = 0;

  constructor(
    private readonly backend: Asks,
    private readonly conversion: VersionConversion,
  ) {
    this.until = backend.moment() + CONVERTING_MS;
  }

  /** The objects in the same order, or why one of them cannot be converted. */
  async of(objects: readonly KubeObject[]): Promise<readonly KubeObject[] | Refusal> {
    const converted = [...objects];
    for (const batch of batchesOf(objects, this.conversion)) {
      const answered = await this.ask(batch.map((index) => objects[index] as KubeObject));
      if (isRefusal(answered)) return answered;
      for (const [i, index] of batch.entries()) converted[index] = answered[i] as KubeObject;
    }
    return converted;
  }

  /** What of a list is selected, up to a limit. It is looked at in the version that is asked for: its fields and labels are those that are shown. */
  async page(
    all: readonly KubeObject[],
    { selection, limit }: Pick<ListOptions, 'selection' | 'limit'>,
  ): Promise<{ readonly objects: readonly KubeObject[]; readonly left: number } | Refusal> {
    const objects: KubeObject[] = [];
    let at = 0;
    while (at < all.length && (limit === 0 || objects.length < limit)) {
      const wanted = limit > 0 && selection.everything ? limit - objects.length : LOOKED_AT_MAX;
      const some = await this.of(all.slice(at, at + Math.min(wanted, LOOKED_AT_MAX)));
      if (isRefusal(some)) return some;
      for (const object of some) {
        if (limit > 0 && objects.length === limit) break;
        at++;
        if (selection.matches(object)) objects.push(object);
      }
    }
    return { objects, left: all.length - at };
  }

  private async ask(objects: readonly KubeObject[]): Promise<readonly KubeObject[] | Refusal> {
    const { backend, conversion } = this;
    const request = conversion.request(objects, { view: backend.current(), seed: backend.uid() });
    if (isRefusal(request)) return request;
    const { question } = request;
    const timeoutMs = Math.min(question.timeoutMs, this.until - backend.moment());
    const converted = request.read(await backend.ask({ ...question, timeoutMs }));
    if (isRefusal(converted)) return converted;
    for (const object of converted) this.bytes += JSON.stringify(object).length;
    return this.bytes > CONVERTED_BYTES_MAX ? TOO_MANY_BYTES : converted;
  }
}

const TOO_MANY_BYTES = refusals.unavailable(
  `the converted objects have more than ${CONVERTED_BYTES_MAX} bytes: list fewer at once with the parameter "limit"`,
);

/** Indexes of the objects that have to be converted, in batches for one question each. */
function* batchesOf(objects: readonly KubeObject[], { isNeeded }: VersionConversion): Generator<readonly number[]> {
  let batch: number[] = [];
  let bytes = 0;
  for (const [index, object] of objects.entries()) {
    if (!isNeeded(object)) continue;
    const size = JSON.stringify(object).length;
    if (batch.length > 0 && (bytes + size > BATCH_BYTES || batch.length === BATCH_OBJECTS)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(index);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** The conversions of one request; undefined where the kind has no conversion webhook. */
export function conversionsFor(backend: Asks, on: ServedKind): RequestConversions | undefined {
  return on.served?.conversion && new RequestConversions(backend, on.served.conversion);
}

/** One object in the version that is asked for. */
export async function inVersion(backend: Asks, on: ServedKind, object: KubeObject): Promise<KubeObject | Refusal> {
  const converted = (await conversionsFor(backend, on)?.of([object])) ?? [object];
  return isRefusal(converted) ? converted : (converted[0] as KubeObject);
}

/** Whether all of these objects have the version that is asked for. */
export function areInVersion({ served }: ServedKind, objects: readonly KubeObject[]): boolean {
  const { conversion } = served ?? {};
  return conversion === undefined || !objects.some((object) => conversion.isNeeded(object));
}

/** Objects in slices of a question each. */
export async function* convertedSlices(
  conversions: RequestConversions,
  objects: readonly KubeObject[],
): AsyncIterable<readonly KubeObject[] | Refusal> {
  for (let at = 0; at < objects.length; at += BATCH_OBJECTS)
    yield await conversions.of(objects.slice(at, at + BATCH_OBJECTS));
}

/** What is converted for watchers, each object once for all who watch it in the same version. */
class SharedConversions {
  private readonly known = new WeakMap<KubeObject, Promise<KubeObject | Refusal>>();

  constructor(private readonly conversion: VersionConversion) {}

  async of(backend: Asks, objects: readonly KubeObject[]): Promise<readonly KubeObject[] | Refusal> {
    const fresh = objects.filter((object) => !this.known.has(object));
    if (fresh.length > 0) this.convert(backend, fresh);
    const all = await Promise.all(objects.map((object) => this.known.get(object) ?? object));
    return all.find(isRefusal) ?? (all as readonly KubeObject[]);
  }

  private convert(backend: Asks, objects: readonly KubeObject[]): void {
    const asked = new RequestConversions(backend, this.conversion).of(objects);
    for (const [index, object] of objects.entries())
      this.known.set(
        object,
        asked.then((converted) => (isRefusal(converted) ? converted : (converted[index] as KubeObject))),
      );
    const forget = (): void => {
      setTimeout(() => objects.forEach((object) => this.known.delete(object)), SHARED_MS).unref();
    };
    asked.then(forget, forget);
  }
}
const shared = new WeakMap<VersionConversion, SharedConversions>();

/**
 * Changes with their objects in the version that is watched. Where `everything` of the kind is watched, what an object was before
 * need not be known.
 */
export async function convertedChanges(
  backend: Asks,
  conversion: VersionConversion,
  changes: readonly Change[],
  everything: boolean,
): Promise<readonly Change[] | Refusal> {
  const isSeen = (change: Change, which: 'before' | 'after'): boolean =>
    which === 'after' || !everything || change.after === undefined;
  const needed = changes.flatMap((change) =>
    (['before', 'after'] as const).flatMap((which) => {
      const object = isSeen(change, which) ? change[which] : undefined;
      return object !== undefined && conversion.isNeeded(object) ? [object] : [];
    }),
  );
  if (needed.length === 0) return changes;
  let of = shared.get(conversion);
  if (!of) shared.set(conversion, (of = new SharedConversions(conversion)));
  const objects = [...new Set(needed)];
  const converted = await of.of(backend, objects);
  if (isRefusal(converted)) return converted;
  const made = new Map(objects.map((object, index) => [object, converted[index] as KubeObject]));
  const inVersion = (object: KubeObject | undefined): KubeObject | undefined => object && (made.get(object) ?? object);
  return changes.map((change) => ({ ...change, before: inVersion(change.before), after: inVersion(change.after) }));
}
