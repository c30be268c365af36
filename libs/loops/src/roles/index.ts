export { bootstrapRoles } from './bootstrap-roles.js';
export { clusterRoleAggregation } from './aggregation.js';
