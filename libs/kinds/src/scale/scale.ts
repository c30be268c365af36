import type { Subresource } from '#model';
import { ageColumn, column } from '../columns.js';
import { scale, type Scale } from './scale.schema.js';

const columns = [
  column<Scale>('Name', 'Name of the object that is scaled', (object) => object.metadata.name),
  column<Scale>('Desired', 'How many are wanted', (object) => object.spec?.replicas ?? 0, { type: 'integer' }),
  column<Scale>('Available', 'How many were last seen', (object) => object.status?.replicas ?? 0, { type: 'integer' }),
  ageColumn,
];

/** The number of replicas of a kind, apart from everything else of it. */
export const scaleSubresource: Subresource = {
  name: 'scale',
  kind: 'Scale',
  group: 'autoscaling',
  version: 'v1',
  verbs: ['get', 'patch', 'update'],
  schema: scale,
  columns,
};
