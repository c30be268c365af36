import type { PodSpec } from '#pod';
import { isJsonObject } from '#std';
import { INNER_NAMES } from './inner-names.js';
import { selectorValue } from './validation/labels.js';

/** A part of a pod as Kubernetes has it inside, every field written: `{"Name":"c","Image":"i","Command":null,…}`. */
export function innerForm(part: string, value: object): unknown {
  const source = value as Fields;
  return Object.fromEntries(layout(part).flatMap((field) => printedField(field, source)));
}

/** A whole spec: what concerns the node's namespaces is part of the security context there. */
export function innerPodSpec(spec: PodSpec): unknown {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers } = spec;
  const securityContext = { ...spec.securityContext, hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers };
  return innerForm('PodSpec', { ...spec, securityContext });
}

/** The text whose lines are compared: one space a level, as Go's encoder escapes it. */
export function innerText(form: unknown): string {
  return JSON.stringify(form, undefined, 1).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}

type Fields = Readonly<Record<string, unknown>>;
interface InnerField {
  readonly name: string;
  readonly json: string;
  readonly mark: string;
  readonly part: string | undefined;
}

const layouts = new Map<string, readonly InnerField[]>();
function layout(part: string): readonly InnerField[] {
  let fields = layouts.get(part);
  if (fields === undefined) {
    fields = (INNER_NAMES[part] ?? '').split(' ').map(inner);
    layouts.set(part, fields);
  }
  return fields;
}
function inner(word: string): InnerField {
  const [, name = '', json, mark = '', part] = /^(\^?\w+)(?:=(\w+))?([?#!@.]?)(?::(\w+))?$/.exec(word) ?? [];
  return { name, json: json ?? name.charAt(0).toLowerCase() + name.slice(1), mark, part };
}

function printedField({ name, json, mark, part }: InnerField, source: Fields): readonly (readonly [string, unknown])[] {
  if (name === '^ObjectMeta') return Object.entries(isJsonObject(source['metadata']) ? source['metadata'] : {});
  const value = source[json];
  if (value === undefined || value === null) return [[name, absent(mark, part)]];
  if (part === 'LabelSelector') return [[name, selectorValue(value)]];
  if (part === undefined || typeof value !== 'object') return [[name, value]];
  if (Array.isArray(value)) return [[name, value.map((item: unknown) => innerForm(part, item as object))]];
  return [[name, innerForm(part, value)]];
}

function absent(mark: string, part: string | undefined): unknown {
  switch (mark) {
    case '?':
      return null;
    case '#':
      return 0;
    case '!':
      return false;
    case '@':
      return '0';
    case '.':
      return part === undefined ? {} : innerForm(part, {});
    default:
      return '';
  }
}
