import { propertiesOf, valuesOf, type StructuralSchema } from './schema.js';

/** One step of a path into an object. */
export type Step =
  { readonly is: 'field' | 'key'; readonly name: string } | { readonly is: 'index'; readonly index: number };

/** `spec.items[2].m[k]` */
export function pathText(steps: readonly Step[]): string {
  let text = '';
  for (const step of steps) {
    if (step.is === 'index') text += `[${step.index}]`;
    else if (step.is === 'key') text += `[${step.name}]`;
    else text += text === '' ? step.name : `.${step.name}`;
  }
  return text;
}

const STEP = /^(?:\.([^.[\]'"]+)|\['((?:[^'\\]|\\.)*)'\])/;

/** Reads a rule's `fieldPath`, such as `.a['b.c']`, along the schema; a text says what is wrong. */
export function parseFieldPath(text: string, schema: StructuralSchema): readonly Step[] | string {
  const steps: Step[] = [];
  let rest = text;
  let at: StructuralSchema | undefined = schema;
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (!match) return `expected [ or . but got: ${rest.charAt(0)}`;
    const name = match[1] ?? (match[2] ?? '').replace(/\\(.)/g, '$1');
    rest = rest.slice(match[0].length);
    const isMap: boolean = at !== undefined && valuesOf(at) !== undefined;
    const next: StructuralSchema | undefined = at && (isMap ? valuesOf(at) : propertiesOf(at)[name]);
    if (!next) return `does not refer to a valid field`;
    steps.push({ is: isMap ? 'key' : 'field', name });
    at = next;
  }
  return steps;
}
