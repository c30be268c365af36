import type { FlowRules, FlowSchemaSpec } from './schema.js';

const groups = (...names: readonly string[]) => names.map((name) => ({ kind: 'Group', group: { name } }));
const everything = (subjects: FlowRules['subjects']): FlowRules => ({
  subjects,
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
});

/** The schemas that every cluster has, with the specs that nobody changes. */
export const MANDATORY_SCHEMAS: ReadonlyMap<string, FlowSchemaSpec> = new Map([
  [
    'exempt',
    {
      priorityLevelConfiguration: { name: 'exempt' },
      matchingPrecedence: 1,
      rules: [everything(groups('system:masters'))],
    },
  ],
  [
    'catch-all',
    {
      priorityLevelConfiguration: { name: 'catch-all' },
      matchingPrecedence: 10_000,
      distinguisherMethod: { type: 'ByUser' },
      rules: [everything(groups('system:unauthenticated', 'system:authenticated'))],
    },
  ],
]);
