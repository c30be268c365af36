import type { PodSpec, PodTemplateSpec } from '#pod';
import { isJsonObject } from '#std';
import { GO_FIELD_NAMES } from './go-field-names.js';
import { selectorValue } from '../validation/labels.js';

/** A part of a pod as Kubernetes has it inside, every field written: `{"Name":"c","Image":"i","Command":null,…}`. */
export function goForm(part: string, value: object): unknown {
  const source = value as Fields;
  return Object.fromEntries(layout(part).flatMap((field) => printedField(field, source)));
}

/** A whole spec: what concerns the node's namespaces is part of the security context there. */
export function goPodSpec(spec: PodSpec): unknown {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers } = spec;
  const securityContext = { ...spec.securityContext, hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers };
  return goForm('PodSpec', { ...spec, securityContext });
}

/** A whole template; its metadata is not nested there and leaves out what is empty. */
export function goPodTemplate({ metadata, spec }: PodTemplateSpec): unknown {
  return { ...Object.fromEntries(metadataFields(metadata)), Spec: goPodSpec(spec ?? ({} as PodSpec)) };
}

/** The text whose lines are compared: one space a level, as Go's encoder escapes it. */
export function goText(form: unknown): string {
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
    fields = (GO_FIELD_NAMES[part] ?? '').split(' ').map(inner);
    layouts.set(part, fields);
  }
  return fields;
}
function inner(word: string): InnerField {
  const [, name = '', json, mark = '', part] = /^(\^?\w+)(?:=(\w+))?([?#!@.]?)(?::(\w+))?$/.exec(word) ?? [];
  return { name, json: json ?? name.charAt(0).toLowerCase() + name.slice(1), mark, part };
}

function printedField({ name, json, mark, part }: InnerField, source: Fields): readonly (readonly [string, unknown])[] {
  if (name === '^ObjectMeta') return metadataFields(source['metadata']);
  const value = source[json];
  if (value === undefined || value === null) return [[name, absent(mark, part)]];
  if (part === 'LabelSelector') return [[name, selectorValue(value)]];
  if (part === undefined || typeof value !== 'object') return [[name, value]];
  if (Array.isArray(value)) return [[name, value.map((item: unknown) => goForm(part, item as object))]];
  return [[name, goForm(part, value)]];
}

const METADATA_ORDER = ['name', 'generateName', 'namespace', 'labels', 'annotations', 'ownerReferences', 'finalizers'];
function metadataFields(metadata: unknown): readonly (readonly [string, unknown])[] {
  if (!isJsonObject(metadata)) return [];
  const place = ([name]: readonly [string, unknown]): number => METADATA_ORDER.indexOf(name);
  return Object.entries(metadata).sort((a, b) => place(a) - place(b));
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
      return part === undefined ? {} : goForm(part, {});
    default:
      return '';
  }
}
