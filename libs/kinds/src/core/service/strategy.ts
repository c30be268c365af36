import type { Problem, Refusal, Strategy, StrategyContext } from '#model';
import { allocated } from './allocate.js';
import { withFittingStatus, withoutMeaningless } from './carry-over.js';
import { serviceDefaults } from './defaults.js';
import type { Service } from './schema.js';
import { serviceStatusProblems, serviceUpdateProblems } from './validate-change.js';
import { serviceProblems } from './validate.js';
import { serviceStatusWarnings, serviceWarnings } from './warnings.js';

/** Addresses and ports are given before the service is judged; what cannot be given is the only thing told. */
export const serviceStrategy: Strategy<Service> = {
  answersDeletionWithObject: true,
  putCreates: true,
  registryPrefix: 'services/specs',
  applyDefaults: serviceDefaults,
  prepareCreate: (object, context) => given(object, undefined, context),
  prepareUpdate: (object, old, context) => withFittingStatus(withoutMeaningless(given(object, old, context), old)),
  validate: (object, context) => {
    const problems = allocationProblems(object, undefined, context);
    return problems.length > 0 ? problems : serviceProblems(object);
  },
  validateUpdate: (object, old, context) => {
    const problems = allocationProblems(object, old, context);
    return problems.length > 0 ? problems : [...serviceUpdateProblems(object, old), ...serviceProblems(object)];
  },
  validateStatus: (object) => serviceStatusProblems(object),
  allocate: (object, old, context): Service | Refusal => {
    if (context.command.subresource !== undefined) return object;
    const result = allocated(object, old, context);
    return 'refusal' in result ? result.refusal : object;
  },
  warnings: (object, _old, context) =>
    context.command.subresource === 'status' ? serviceStatusWarnings(object) : serviceWarnings(object),
};

function given(object: Service, old: Service | undefined, context: StrategyContext): Service {
  const result = allocated(object, old, context);
  return 'service' in result ? result.service : object;
}
/** A service that got all it needs gets the same again: only what failed before fails here. */
function allocationProblems(object: Service, old: Service | undefined, context: StrategyContext): readonly Problem[] {
  const result = allocated(object, old, context);
  return 'problems' in result ? result.problems : [];
}
