import type { KubeObject, Problem, StrategyContext } from '#model';
import type { Json } from '#std';
import type { CustomResourceDefinition, DefinedVersion } from '../schema.js';
import { applySchemaDefaults } from '../structural/default.js';
import { embeddedProblems } from '../structural/embedded.js';
import { duplicateItems } from '../structural/list-types.js';
import { notChecked, ruleProblems, RULES_COST_MAX, rulesOf } from '../structural/rules.js';
import { schemaProblems } from '../structural/validate-value.js';
import { fieldPath, valueAt } from './json-path.js';
import { schemaOf } from './version-schema.js';

/** What is wrong with an object by the schema of the version that the client speaks. `old`: the object before an update. */
export function validateObject(
  definition: CustomResourceDefinition,
  object: KubeObject,
  old: KubeObject | undefined,
  { command }: Pick<StrategyContext, 'command'>,
): readonly Problem[] {
  const version = spokenVersionOf(definition, command);
  const schema = schemaOf(version);
  const value = object as unknown as Json;
  const before = old as unknown as Json | undefined;
  const isUnique = before === undefined || duplicateItems(before, schema).length === 0;
  const problems = [
    ...schemaProblems(value, schema, '', before),
    ...embeddedProblems(value, schema),
    // Doubles that were there may stay.
    ...(isUnique ? duplicateItems(value, schema) : []),
  ];
  // Where all defaults have found room, setting them again changes nothing.
  if (applySchemaDefaults(value, schema, true) !== value)
    problems.push({
      ...{ type: 'Forbidden', field: '<nil>' },
      detail: 'the defaults of the schema make the object too large',
    });
  const scale = version?.subresources?.scale;
  if (scale) problems.push(...replicaProblems(value, scale.specReplicasPath));
  const rules = rulesOf(schema);
  if (!rules) return problems;
  const unchecked = notChecked(problems);
  if (unchecked) return [...problems, unchecked];
  return [...problems, ...ruleProblems(rules, value, { old: before, budget: { left: RULES_COST_MAX } })];
}

/** The version that a command is written in; the stored one when it names none. */
export function spokenVersionOf(
  { spec: { versions } }: CustomResourceDefinition,
  { apiVersion }: StrategyContext['command'],
): DefinedVersion | undefined {
  const spoken = apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
  return versions.find(({ name }) => name === spoken) ?? versions.find(({ storage }) => storage);
}

function replicaProblems(value: Json, path: string): readonly Problem[] {
  const replicas = valueAt(value, fieldPath(path) ?? []);
  if (typeof replicas !== 'number' || replicas >= 0) return [];
  return [{ ...{ type: 'Invalid', field: path, value: replicas }, detail: 'should be a non-negative integer' }];
}
