import { compile, type Type } from '#cel';
import { spokenVersion, type Kind, type KindRegistry } from '#model';
import { items } from '../../validation/checks.js';
import type { NamedRule } from '../match.schema.js';
import { policyEnvironments } from './expressions.js';
import { celTypeOf } from './object-types.js';
import type { ExpressionWarning, PolicySpec } from './schema.js';

/** So many kinds of one rule are checked. */
const KINDS_MAX = 10;
/** Groups, versions and resources of one rule that are looked up. */
const LOOKUPS_MAX = 1000;

interface Checked {
  readonly title: string;
  readonly object: Type;
}

/**
 * What the validations of a policy have against the types of the kinds that its rules name, each expression once. Rules with
 * wildcards name none. Warnings change nothing of what the policy does.
 */
export function typeWarnings(spec: PolicySpec, kinds: KindRegistry): readonly ExpressionWarning[] {
  const checked = kindsToCheck(spec, kinds);
  if (checked.length === 0) return [];
  const params = paramType(spec, kinds);
  const environments = checked.map(({ title, object }) => ({
    title,
    ...policyEnvironments(spec, { object, ...(params && { params }) }),
  }));
  const warning = (fieldRef: string, expression: string): readonly ExpressionWarning[] => {
    const texts = environments.flatMap(({ title, whole }) => {
      const outcome = compile(expression, whole);
      return 'isError' in outcome ? [`${title}: ${outcome.message}\n`] : [];
    });
    return texts.length === 0 ? [] : [{ fieldRef, warning: texts.join('\n') }];
  };
  return items(spec.validations).flatMap(({ expression, messageExpression = '' }, i) => [
    ...warning(`spec.validations[${i}].expression`, expression),
    ...(messageExpression === '' ? [] : warning(`spec.validations[${i}].messageExpression`, messageExpression)),
  ]);
}

function kindsToCheck({ matchConstraints }: PolicySpec, kinds: KindRegistry): readonly Checked[] {
  const found = new Map<string, Checked>();
  for (const rule of items(matchConstraints?.resourceRules)) {
    for (const one of kindsOf(rule, kinds)) found.set(one.title, one);
  }
  return [...found.values()].sort((one, other) => (one.title < other.title ? -1 : 1));
}

function kindsOf(rule: NamedRule, kinds: KindRegistry): readonly Checked[] {
  const found: Checked[] = [];
  let lookups = 0;
  for (const group of plain(rule.apiGroups)) {
    for (const version of plain(rule.apiVersions)) {
      for (const resource of plain(rule.resources)) {
        const kind = kinds.byResource(group, version, resource);
        if (kind) found.push(typeIn(kind, group, version));
        if (found.length >= KINDS_MAX || ++lookups >= LOOKUPS_MAX) return found;
      }
    }
  }
  return found;
}

/** Nothing where one of them is a pattern or a subresource. */
function plain(values: readonly string[] | undefined): readonly string[] {
  const all = items(values);
  return all.some((value) => /[*/]/.test(value)) ? [] : [...all].sort();
}

function typeIn(kind: Kind, group: string, version: string): Checked {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return {
    title: `${group}/${version}, Kind=${kind.names.kind}`,
    object: celTypeOf(spokenVersion(kind, apiVersion).schema),
  };
}

function paramType({ paramKind }: PolicySpec, kinds: KindRegistry): Type | undefined {
  if (!paramKind) return undefined;
  const { apiVersion = '', kind: name = '' } = paramKind;
  const slash = apiVersion.indexOf('/');
  const kind = kinds.byKind(apiVersion.slice(0, Math.max(0, slash)), apiVersion.slice(slash + 1), name);
  return kind && celTypeOf(spokenVersion(kind, apiVersion).schema);
}
