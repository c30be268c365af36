export {
  admitSubresource,
  type AdmissionNotes,
  type AdmissionOperation,
  type AdmissionPlugin,
  type Admitted,
  type Mutated,
} from './admission.js';
export { applyChange, diff, isNoChange, type Change as ObjectChange } from './change.js';
export { admitConnection } from './connect.js';
export * from './decide-command.js';
export { decidedChange, decidedDelete } from './decided.js';
export { deleteObject, deletionValidated, propagation, readDeleteOptions, type DeleteOptions } from './delete.js';
export * from './fold.js';
export { readSubresource, untypedField, warned, type ReadObject } from './body.js';
export { ordered as goOrdered } from './go-order.js';
export { apiVersionOf, plainVersion, spokenVersion, type Spoken } from './served.js';
export { aboutOf, type Request, type WriteRules } from './request.js';
export { formIn, type SpokenForm } from './spoken-form.js';
export { reviewKind, type ReviewKind } from './review-kind.js';
export { scaleOf, type ScalePaths } from './scale.js';
export { decideVerb, updateSubresource, standardKind, type StandardKind } from './standard-kind.js';
export * from './strategy.js';
export { updateObject } from './update.js';
export { decideVirtual, whenAnswered, type VirtualContext, type VirtualRules } from './virtual.js';
