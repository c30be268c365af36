import { parsed, unparsed, type Parsed } from './problem.js';

export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** Terms of `metadata.name=a,type!=Opaque`; terms without field and value are dropped, as Kubernetes does. */
export function parseFieldSelector(text: string): Parsed<readonly FieldTerm[]> {
  const terms: FieldTerm[] = [];
  for (const part of splitTerms(text).sort()) {
    if (part === '') continue;
    const term = splitTerm(part);
    if (term === undefined) return unparsed(`invalid selector: '${text}'; can't understand '${part}'`);
    const value = unescaped(term.value);
    if (!value.ok) return unparsed(`invalid field selector: ${value.message}`);
    if (term.field !== '' || value.value !== '') terms.push({ ...term, value: value.value });
  }
  return parsed(terms);
}

/** How a kind words its refusal of a field that it cannot select by. */
export type FieldSelectorStyle = 'label' | 'kind' | 'known';

/** Kubernetes' sentence about the first field that is not supported, or undefined. */
export function unsupportedField(
  terms: readonly FieldTerm[],
  supported: ReadonlySet<string>,
  style: FieldSelectorStyle,
  kind: string,
): string | undefined {
  const term = terms.find((t) => !supported.has(t.field));
  if (term === undefined) return undefined;
  switch (style) {
    case 'label':
      return `field label not supported: ${term.field}`;
    case 'kind':
      return `field label "${term.field}" not supported for ${kind}`;
    case 'known':
      return `"${term.field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
  }
}

/** Whether all terms hold; `valueOf` gives the object's text for a field. */
export function fieldsMatch(terms: readonly FieldTerm[], valueOf: (field: string) => string): boolean {
  return terms.every((term) => (valueOf(term.field) === term.value) === (term.operator === '='));
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === '\\') i++;
    else if (c === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function splitTerm(part: string): FieldTerm | undefined {
  for (let i = 0; i < part.length; i++) {
    const rest = part.slice(i, i + 2);
    if (rest === '!=') return { field: part.slice(0, i), operator: '!=', value: part.slice(i + 2) };
    if (rest === '==') return { field: part.slice(0, i), operator: '=', value: part.slice(i + 2) };
    if (rest.startsWith('=')) return { field: part.slice(0, i), operator: '=', value: part.slice(i + 1) };
  }
  return undefined;
}

function unescaped(text: string): Parsed<string> {
  if (!/[\\,=]/.test(text)) return parsed(text);
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === '\\') {
      const next = text.charAt(++i);
      if (next !== '\\' && next !== ',' && next !== '=') return unparsed(`invalid escape sequence: \\${next}`);
      out += next;
    } else if (c === ',' || c === '=') {
      return unparsed(`unescaped character in value: ${c.charCodeAt(0)}`);
    } else out += c;
  }
  return parsed(out);
}
