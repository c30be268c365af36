import { describe, expect, test } from '@jest/globals';
import type { Json } from '#std';
import { at, recorded } from '../testing/recordings.js';
import { defineRules, type RuleTree } from './define.js';
import { pathText } from './field-path.js';
import type { StructuralSchema } from './schema.js';
import { violations, type Violation } from './validate.js';

const schemaOf = (definition: Json | undefined): StructuralSchema => {
  const [version] = (at(definition, 'spec', 'versions') ?? []) as readonly Json[];
  return (at(version, 'schema', 'openAPIV3Schema') ?? {}) as StructuralSchema;
};
const treeOf = (schema: StructuralSchema): RuleTree => {
  const { problems, tree } = defineRules(schema);
  expect(problems).toEqual([]);
  if (!tree) throw new Error('there are no rules');
  return tree;
};
const ample = () => ({ left: 10_000_000 });

function causeOf({ path, reason, value, detail }: Violation): { readonly field: string; readonly message: string } {
  const shown = value === undefined ? '' : `${JSON.stringify(value)}: `;
  const texts = {
    FieldValueInvalid: `Invalid value: ${shown}${detail}`,
    FieldValueRequired: `Required value: ${detail}`,
    FieldValueForbidden: `Forbidden: ${detail}`,
    FieldValueDuplicate: `Duplicate value: ${JSON.stringify(value)}`,
  };
  return { field: pathText(path), message: texts[reason] };
}

describe('rules of a definition that a genuine server has', () => {
  const all = recorded('crds-cel-objects');
  const tree = treeOf(schemaOf(all[0]?.do.body));
  const about = all.filter(({ do: { method, path }, answer }) => {
    const causes = answer?.body?.details?.causes ?? [];
    // Unknown fields, and what the rest of the schema refuses, are answered before rules are evaluated.
    const isJudged = answer?.status === 201 || causes.length > 0;
    const isOfRules = !causes.some(({ message }) => /in body|not checked/.test(message));
    return method === 'POST' && path.includes('/checks') && isJudged && isOfRules;
  });
  test.each(about.map((request) => [request.title, request] as const))('%s', (_title, { do: { body }, answer }) => {
    const causes = violations(tree, body ?? null, { budget: ample() }).map(causeOf);
    const wanted = answer?.body?.details?.causes ?? [];
    const byField = (list: readonly { readonly field?: string; readonly message: string }[]) =>
      list
        .map(({ field, message }) => `${field || '<nil>'}: ${message.replace('2020-01-01T00:00:00Z', '<time>')}`)
        .sort();
    expect(byField(causes)).toEqual(byField(wanted));
  });
  test('there are cases', () => expect(about.length).toBeGreaterThan(40));
});

describe('rules that a genuine server refuses', () => {
  const about = recorded('apiextensions-v1-customresourcedefinitions-broken').filter(({ answer }) =>
    answer?.body?.details?.causes?.some(
      ({ field, message }) => field?.includes('x-kubernetes-validations') && message.includes('cost'),
    ),
  );
  test.each(about.map((request) => [request.title, request] as const))('%s', (_title, { do: { body }, answer }) => {
    const versions = (at(body, 'spec', 'versions') ?? []) as readonly Json[];
    const found = versions.flatMap((version, i) => {
      const schema = (at(version, 'schema', 'openAPIV3Schema') ?? {}) as StructuralSchema;
      return defineRules(schema).problems.map(
        ({ path, type, detail }) => `spec.versions[${i}].schema.openAPIV3Schema${path}: ${type}: ${detail}`,
      );
    });
    const forbidden = (answer?.body?.details?.causes ?? [])
      .filter(({ message }) => message.includes('cost'))
      .map(({ field, message }) => `${field}: ${message}`);
    expect(found.filter((text) => text.includes('Forbidden')).sort()).toEqual([...forbidden].sort());
  });
  test('there are cases', () => expect(about.length).toBeGreaterThan(10));
});
