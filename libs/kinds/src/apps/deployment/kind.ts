import { selectorText } from '#meta';
import { standardKind } from '#model';
import { scaleSubresource } from '../../scale/scale.js';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { templateColumns } from '../columns.js';
import { deployment, type Deployment } from './schema.js';
import { deploymentRules } from './strategy.js';

const columns = [
  nameColumn,
  column<Deployment>(
    'Ready',
    'Ready pods, of all that there should be',
    (object) => `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`,
  ),
  column<Deployment>('Up-to-date', 'Pods of the newest template', (object) => object.status?.updatedReplicas ?? 0),
  column<Deployment>(
    'Available',
    'Pods that have been ready for long enough',
    (object) => object.status?.availableReplicas ?? 0,
  ),
  ageColumn,
  ...templateColumns,
];

/** Replica sets over time: a rolling change from one template to the next. */
export const deploymentKind = standardKind<Deployment>({
  names: {
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    plural: 'deployments',
    shortNames: ['deploy'],
    categories: ['all'],
    namespaced: true,
  },
  schema: deployment,
  columns,
  subresources: [scaleSubresource, { name: 'status', kind: 'Deployment', verbs: ['get', 'patch', 'update'] }],
  scale: { selector: (object) => selectorText((object as Deployment).spec.selector) },
  strategy: deploymentRules,
  events: ['DeploymentScaled'],
});
