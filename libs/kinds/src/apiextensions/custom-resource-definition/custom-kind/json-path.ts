import { isJsonObject, type Json } from '#std';

/** A step of a JSON path: into a field, an item, all of them, or those that a comparison picks. */
type Step =
  | { readonly is: 'field'; readonly name: string }
  | { readonly is: 'item'; readonly index: number }
  | { readonly is: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly is: 'all' }
  | { readonly is: 'where'; readonly path: readonly string[]; readonly equals: boolean; readonly value: string };
export type JsonPath = readonly Step[];

/** Values that a path may find, and steps it may have. */
const FOUND_MAX = 1000;
const STEPS_MAX = 100;

/** Reads a path like `.spec.items[?(@.type=="Ready")].status`; undefined for what is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const parsed = dotted(rest) ?? bracketed(rest);
    if (!parsed || steps.length >= STEPS_MAX) return undefined;
    steps.push(parsed.step);
    rest = rest.slice(parsed.length);
  }
  return steps;
}

interface Parsed {
  readonly step: Step;
  readonly length: number;
}

function dotted(text: string): Parsed | undefined {
  if (!text.startsWith('.')) return undefined;
  if (text.startsWith('.*')) return { step: { is: 'all' }, length: 2 };
  const found = /^\.((?:\\.|[^.[\]\\(){}'"\s])+)/.exec(text);
  if (!found?.[1]) return undefined;
  return { step: { is: 'field', name: found[1].replace(/\\(.)/g, '$1') }, length: found[0].length };
}

const NUMBER = '(-?\\d{1,9})';
const ITEM = new RegExp(`^\\[${NUMBER}\\]`);
const SLICE = new RegExp(`^\\[${NUMBER}?:${NUMBER}?\\]`);
const QUOTED = /^\['([^']*)'\]/;
const WHERE = /^\[\?\(\s*@((?:\.[^.\s=!()[\]]+)+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([^\s'")]+))\s*\)\]/;

function bracketed(text: string): Parsed | undefined {
  if (text.startsWith('[*]')) return { step: { is: 'all' }, length: 3 };
  const item = ITEM.exec(text);
  if (item) return { step: { is: 'item', index: Number(item[1]) }, length: item[0].length };
  const slice = SLICE.exec(text);
  const bound = (digits: string | undefined): number | undefined => (digits === undefined ? undefined : Number(digits));
  if (slice) return { step: { is: 'slice', from: bound(slice[1]), to: bound(slice[2]) }, length: slice[0].length };
  const quoted = QUOTED.exec(text);
  if (quoted) return { step: { is: 'field', name: quoted[1] ?? '' }, length: quoted[0].length };
  const where = WHERE.exec(text);
  if (!where) return undefined;
  const value = where[3] ?? where[4] ?? where[5] ?? '';
  const path = (where[1] ?? '').slice(1).split('.');
  return { step: { is: 'where', path, equals: where[2] === '==', value }, length: where[0].length };
}

/** What a path finds in a value, in order. */
export function find(path: JsonPath, value: Json): readonly Json[] {
  let found: readonly Json[] = [value];
  for (const step of path) {
    const next: Json[] = [];
    for (const one of found) {
      for (const inner of follow(step, one)) {
        if (next.length >= FOUND_MAX) break;
        next.push(inner);
      }
    }
    found = next;
  }
  return found;
}

function follow(step: Step, value: Json): readonly Json[] {
  const items = Array.isArray(value) ? (value as readonly Json[]) : undefined;
  switch (step.is) {
    case 'field':
      return one(valueAt(value, [step.name]));
    case 'item':
      return one(items?.at(step.index));
    case 'slice':
      return items?.slice(step.from, step.to) ?? [];
    case 'all':
      return items ?? (isJsonObject(value) ? Object.values(value).filter((inner) => inner !== undefined) : []);
    case 'where':
      return (items ?? []).filter((item) => {
        const inner = valueAt(item, step.path);
        return inner !== undefined && (String(inner) === step.value) === step.equals;
      });
  }
}
function one(value: Json | undefined): readonly Json[] {
  return value === undefined ? [] : [value];
}

/** The value under field names; undefined where there is none. */
export function valueAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  let at = value;
  for (const name of path) at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return at;
}

/** A path of field names alone, as `.spec.replicas` is; undefined for any other. */
export function fieldPath(text: string): readonly string[] | undefined {
  const steps = parseJsonPath(text);
  if (!steps || steps.length === 0) return undefined;
  const names: string[] = [];
  for (const step of steps) {
    if (step.is !== 'field') return undefined;
    names.push(step.name);
  }
  return names;
}
