export { withAllowance, withFailure } from './allowance.js';
export { podDisruptionBudgetKind } from './kind.js';
export { budgetsBySelector, budgetsOf, podDisruptionBudgets } from '../budgets-of-pod.js';
export * from './schema.js';
