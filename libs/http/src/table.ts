import type { Column, KubeObject } from '#model';
import type { Instant } from '#std';
import { objectText, partialText, shown } from './object-text.js';
import type { ServedKind } from './routes.js';
import { answers, type HttpRefusal } from './status.js';

export interface TableForm {
  readonly version: string;
  readonly include: 'Metadata' | 'Object' | 'None';
  /** The moment that ages are relative to. */
  readonly now: Instant;
}

/** `includeObject` of a request for a table. */
export function includeObject(text: string | undefined): TableForm['include'] | HttpRefusal {
  if (text === undefined || text === '' || text === 'Metadata') return 'Metadata';
  if (text === 'Object' || text === 'None') return text;
  return answers.badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

/** `metadata` is the text of the list's metadata; `definitions` is left out in all but the first event of a watch. */
export function tableText(
  on: ServedKind,
  objects: readonly KubeObject[],
  form: TableForm,
  parts: { readonly metadata: string; readonly definitions?: boolean },
): string {
  const rows = objects.map((object) => rowText(on, object, form)).join(',');
  return tableOfRows(on, rows, form, parts);
}

/** The same of rows that were made with {@link rowText} and joined by commas. */
export function tableOfRows(
  on: ServedKind,
  rows: string,
  form: Pick<TableForm, 'version'>,
  parts: { readonly metadata: string; readonly definitions?: boolean },
): string {
  const columns = parts.definitions === false ? 'null' : definitionsText(on.columns);
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${form.version}","metadata":${parts.metadata},"columnDefinitions":${columns},"rows":[${rows}]}`;
}

/** One object as a row. */
export function rowText(on: ServedKind, object: KubeObject, form: TableForm): string {
  const cells = JSON.stringify(on.columns.map((column) => column.cell(object, form.now)));
  const conditions = on.kind.rowConditions?.(object) ?? [];
  const more = conditions.length > 0 ? `"conditions":${JSON.stringify(conditions)},` : '';
  return `{"cells":${cells},${more}"object":${includedText(on, object, form)}}`;
}
function includedText(on: ServedKind, object: KubeObject, form: TableForm): string {
  switch (form.include) {
    case 'None':
      return 'null';
    case 'Object':
      return objectText(on, object);
    case 'Metadata':
      return partialText(shown(on, object), form.version);
  }
}

const definitions = new WeakMap<readonly Column[], string>();
function definitionsText(columns: readonly Column[]): string {
  let text = definitions.get(columns);
  if (text === undefined) {
    const declared = columns.filter(({ isUndeclared }) => isUndeclared !== true);
    const list = declared.map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format: format ?? '',
      description,
      priority,
    }));
    definitions.set(columns, (text = JSON.stringify(list)));
  }
  return text;
}
