export {
  compile,
  evaluate,
  EXPRESSION_COST_MAX,
  isCompileError,
  REQUEST_COST_MAX,
  wrongType,
  type Compiled,
  type CompileError,
  type Environment,
  type Evaluated,
} from './compile.js';
export * from './check/types.js';
export type { Variables } from './evaluate.js';
export { kubernetesFunctions } from './functions/index.js';
export { Functions, overload, type Overload } from './functions/overload.js';
export { pattern } from './functions/regex.js';
export { fromJson, toJson } from './values/json.js';
export * from './values/values.js';
export { estimate, type Shape } from './cost/estimate.js';
export {
  defineRules,
  RULE_COST_MAX,
  SCHEMA_COST_MAX,
  type DefinedRules,
  type DefineOptions,
  type RuleProblem,
  type RuleTree,
} from './schema/define.js';
export { parseFieldPath, pathText, type Step } from './schema/field-path.js';
export type { StructuralSchema, ValidationRule } from './schema/schema.js';
export { celName } from './schema/names.js';
export { typeOfSchema } from './schema/typed.js';
export { violations, type Budget, type Violation } from './schema/validate.js';
export {
  admissionEnvironment,
  authorizerOf,
  declareVariable,
  requestResourceOf,
  type AdmissionEnvironment,
  type AdmissionOptions,
} from './admission.js';
export { compose, type Composition } from './composition.js';
