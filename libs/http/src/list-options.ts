import type { FieldTerm, LabelMatcher } from '#meta';
import { parseFieldSelector, parseLabelSelector, unsupportedField } from '#meta';
import type { KubeObject, Problem, Refusal } from '#model';
import { parseInt64, parseUint64 } from './go-text.js';
import { invalidOptions } from './options.js';
import type { Query } from './query.js';
import type { ServedKind } from './routes.js';
import { answers } from './status.js';

/** What a list, a watch or a deletion of a collection asks for, checked but for the resource version. */
export interface ListOptions {
  readonly selection: Selection;
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  readonly timeoutSeconds: number | undefined;
  readonly allowBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  /** As it was given, see {@link HISTORY_SECONDS}. */
  readonly historySeconds: string | undefined;
}

/** Asks for what the objects of a list were in the last seconds. Shiplog's own: other servers, and kinds without that, ignore it. */
export const HISTORY_SECONDS = 'historySeconds';

/** Whether a caller may read a version of the past by its number; the refusal when not. */
export type MayReadVersion = (version: number) => Refusal | undefined;
/** With the rule that the caller's rights make. */
export interface CallerListOptions extends ListOptions {
  readonly mayRead: MayReadVersion;
}

/** Which objects of a kind are meant. */
export interface Selection {
  readonly labels: LabelMatcher;
  readonly fields: readonly FieldTerm[];
  readonly everything: boolean;
  /** Selections with the same text select the same of the same objects. */
  readonly text: string;
  /** The one name that can match, when the field selector says so. */
  readonly name: string | undefined;
  readonly matches: (object: KubeObject) => boolean;
}

export function listOptions(on: ServedKind, query: Query, watching: boolean): ListOptions | Refusal {
  const numbers: Record<string, number> = {};
  for (const key of ['timeoutSeconds', 'limit']) {
    const text = query.get(key);
    if (text === undefined) continue;
    const parsed = parseInt64(text);
    if ('error' in parsed) return answers.badRequest(parsed.error);
    numbers[key] = parsed.value;
  }
  const selectors = parsedSelectors(query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '');
  if ('refused' in selectors) return selectors;
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = query.has('sendInitialEvents') ? query.flag('sendInitialEvents') : undefined;
  const checked = {
    match,
    resourceVersion: query.get('resourceVersion') ?? '',
    continue: query.get('continue') ?? '',
    sendInitialEvents,
  };
  const problems = watching ? watchProblems(checked) : listProblems(checked);
  if (problems.length > 0) return invalidOptions('ListOptions', problems);
  const selection = compiled(on, selectors);
  if ('refused' in selection) return selection;
  return {
    selection,
    limit: Math.max(0, numbers['limit'] ?? 0),
    continue: checked.continue,
    resourceVersion: checked.resourceVersion,
    match: match as ListOptions['match'],
    timeoutSeconds: numbers['timeoutSeconds'],
    allowBookmarks: query.flag('allowWatchBookmarks'),
    sendInitialEvents,
    historySeconds: query.get(HISTORY_SECONDS),
  };
}

interface Checked {
  readonly match: string;
  readonly resourceVersion: string;
  readonly continue: string;
  readonly sendInitialEvents: boolean | undefined;
}
const forbidden = (detail: string): Problem => ({ type: 'Forbidden', field: 'resourceVersionMatch', detail });

function listProblems({ match, resourceVersion, continue: token, sendInitialEvents }: Checked): readonly Problem[] {
  const problems: Problem[] = [];
  if (match !== '') {
    if (resourceVersion === '')
      problems.push(forbidden('resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (token !== '') problems.push(forbidden('resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      const supported = ['Exact', 'NotOlderThan', ''];
      problems.push({ type: 'NotSupported', field: 'resourceVersionMatch', value: match, detail: '', supported });
    }
    if (match === 'Exact' && resourceVersion === '0') {
      problems.push(forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (sendInitialEvents !== undefined) {
    problems.push({ type: 'Forbidden', field: 'sendInitialEvents', detail: 'sendInitialEvents is forbidden for list' });
  }
  return problems;
}

function watchProblems({ match, continue: token, sendInitialEvents }: Checked): readonly Problem[] {
  const problems: Problem[] = [];
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    problems.push(forbidden('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match !== '') {
    if (sendInitialEvents === undefined) {
      problems.push(forbidden('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
    }
    if (match !== 'NotOlderThan') {
      const supported = ['NotOlderThan'];
      problems.push({ type: 'NotSupported', field: 'resourceVersionMatch', value: match, detail: '', supported });
    }
  }
  if (token !== '') problems.push(forbidden('resourceVersionMatch is forbidden when continue is provided'));
  return problems;
}

interface Selectors {
  readonly labels: LabelMatcher;
  readonly fields: readonly FieldTerm[];
  /** Both as they were given. */
  readonly text: string;
}

function parsedSelectors(labelText: string, fieldText: string): Selectors | Refusal {
  const labels = parseLabelSelector(labelText);
  if (!labels.ok) return answers.badRequest(labels.message);
  const fields = parseFieldSelector(fieldText);
  if (!fields.ok) return answers.badRequest(fields.message);
  return { labels: labels.value, fields: fields.value, text: `${labelText}\0${fieldText}` };
}

/** Holds the field selector against what the kind can be selected by. */
function compiled(on: ServedKind, { labels, fields, text }: Selectors): Selection | Refusal {
  const readers = fieldReaders(on);
  const wrong = unsupportedField(fields, new Set(readers.keys()), on.kind.fieldSelectorError, on.kind.names.kind);
  if (wrong !== undefined) return answers.badRequest(wrong);
  const terms = fields.map((term) => ({ ...term, read: readers.get(term.field) ?? (() => '') }));
  const everything = labels.everything && terms.length === 0;
  return {
    labels,
    fields,
    everything,
    text: `${on.apiVersion}\0${text}`,
    name: fields.find((term) => term.field === 'metadata.name' && term.operator === '=')?.value,
    matches: everything
      ? () => true
      : (object) =>
          labels.matches(object.metadata.labels) &&
          terms.every(({ read, value, operator }) => (read(object) === value) === (operator === '=')),
  };
}

type Reader = (object: KubeObject) => string;
const NAMESPACE: readonly [string, Reader] = ['metadata.namespace', (object) => object.metadata.namespace ?? ''];
const readersByKind = new WeakMap<ServedKind, ReadonlyMap<string, Reader>>();
function fieldReaders(on: ServedKind): ReadonlyMap<string, Reader> {
  let readers = readersByKind.get(on);
  if (!readers) {
    readers = new Map<string, Reader>([
      ['metadata.name', (object) => object.metadata.name],
      // Cluster-scoped kinds with selectors of their own know no namespace; the others all take it.
      ...(on.kind.names.namespaced || on.kind.fieldSelectorError === 'known' ? [NAMESPACE] : []),
      ...(on.served?.fieldSelectors ?? on.kind.fieldSelectors).map(({ field, value }): [string, Reader] => [
        field,
        value,
      ]),
    ]);
    readersByKind.set(on, readers);
  }
  return readers;
}

/** A resource version as a position; '' and '0' are 0. */
export function versionOf(text: string): { readonly value: number } | { readonly error: string } {
  if (text === '') return { value: 0 };
  const parsed = parseUint64(text);
  return 'error' in parsed
    ? { error: `resourceVersion: Invalid value: ${JSON.stringify(text)}: ${parsed.error}` }
    : parsed;
}
