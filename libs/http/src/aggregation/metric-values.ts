import { parseQuantity, quantityMilliValue } from '#meta';
import type { MetricAnswer, PodFigure } from '#model';
import { isJsonObject, parseInstant, type Json, type JsonObject } from '#std';

/** Interval of a figure whose server does not say it, as Kubernetes takes it. */
const WINDOW_SECONDS = 60;
const TEXT_MAX = 200;

/** What is expected of the objects in an answer. */
export interface Expected {
  /** '' for an object that is in none. */
  readonly namespace: string;
  readonly kind: string;
  /** Whether an object may be in the answer: `gone` may be old news and is left out. */
  is(name: string): 'asked' | 'gone' | 'other';
}
type Read<T> = { readonly value: T } | { readonly error: string };

/** The figures of pods in a `MetricValueList` of custom.metrics.k8s.io, of either version. */
export function figuresIn(answer: Json, expected: Expected, now: number): MetricAnswer {
  const items = itemsIn(answer);
  if (!items) return { error: NO_LIST };
  const pods = new Map<string, PodFigure>();
  for (const item of items) {
    const name = nameIn(item, expected);
    if ('error' in name) return name;
    const figure = figureOf(item, now);
    if ('error' in figure) return { error: `${figure.error} for ${quoted(name.value)}` };
    if (expected.is(name.value) === 'gone') continue;
    if (pods.has(name.value)) return { error: `the answer has ${quoted(name.value)} twice` };
    pods.set(name.value, figure.value);
  }
  if (pods.size === 0) return { error: 'no metrics returned from custom metrics API' };
  return { pods: Object.fromEntries(pods) };
}

/** The one value of an object. */
export function valueIn(answer: Json, expected: Expected): MetricAnswer {
  const items = itemsIn(answer);
  if (!items) return { error: NO_LIST };
  const [item] = items;
  if (!item) return { error: 'no metrics returned from custom metrics API' };
  if (items.length > 1) return { error: `the answer has ${items.length} values where one was asked for` };
  const name = nameIn(item, expected);
  if ('error' in name) return name;
  const milli = milliOf(item['value']);
  return 'error' in milli ? milli : { values: [milli.value] };
}

/** All values of an `ExternalMetricValueList`. */
export function externalValuesIn(answer: Json): MetricAnswer {
  const items = itemsIn(answer);
  if (!items) return { error: NO_LIST };
  const values: number[] = [];
  for (const item of items) {
    const milli = milliOf(item['value']);
    if ('error' in milli) return milli;
    values.push(milli.value);
  }
  return values.length === 0 ? { error: 'no metrics returned from external metrics API' } : { values };
}

const NO_LIST = 'the answer is no list of metric values';
function itemsIn(answer: Json): readonly JsonObject[] | undefined {
  const items = isJsonObject(answer) ? answer['items'] : undefined;
  return Array.isArray(items) && items.every(isJsonObject) ? items : undefined;
}

function nameIn({ describedObject }: JsonObject, { namespace, kind, is }: Expected): Read<string> {
  if (!isJsonObject(describedObject)) return { error: 'the answer has a value of no object' };
  const { name, namespace: where, kind: what } = describedObject;
  const isWrong =
    typeof name !== 'string' ||
    is(name) === 'other' ||
    (what ?? kind) !== kind ||
    (namespace !== '' && (where || namespace) !== namespace);
  if (!isWrong) return { value: name };
  return { error: `the answer has a value of ${quoted(describedObject)}, which was not asked for` };
}

function figureOf(item: JsonObject, now: number): Read<PodFigure> {
  const milli = milliOf(item['value']);
  if ('error' in milli) return milli;
  const { timestamp, windowSeconds, window } = item;
  const at = typeof timestamp === 'string' ? parseInstant(timestamp) : undefined;
  if (at === undefined) return { error: `the answer has the timestamp ${quoted(timestamp)}` };
  const seconds = windowSeconds ?? window ?? WINDOW_SECONDS;
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= 86_400))
    return { error: `the answer has the window ${quoted(seconds)}` };
  // A clock of another machine may be ahead: nothing is measured in the future.
  return { value: [milli.value, Math.min(at, now), Math.round(seconds * 1000)] };
}

/** A quantity in thousandths. What Kubernetes does not take for one is refused, and what no metric can be: a negative one. */
function milliOf(value: Json | undefined): Read<number> {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const quantity = parseQuantity(text);
  if (!quantity.ok) return { error: `the answer has the value ${quoted(value)}: ${quantity.message}` };
  const milli = quantityMilliValue(quantity.value);
  if (milli < 0) return { error: `the answer has the value ${quoted(value)}, which is negative` };
  if (!Number.isSafeInteger(milli)) return { error: `the answer has the value ${quoted(value)}, which is too large` };
  return { value: milli };
}

/** Anything as a short text for a sentence. */
export function quoted(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'none';
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}
