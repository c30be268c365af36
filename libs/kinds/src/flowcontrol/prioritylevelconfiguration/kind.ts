import { standardKind } from '#model';
import { ownersOnly } from '../../status-metadata.js';
import { priorityLevelColumns } from './columns.js';
import { priorityLevelConfiguration, type PriorityLevelConfiguration } from './schema.js';
import { validatePriorityLevel, validatePriorityLevelStatus } from './validate.js';

/** A priority level of requests to the API server. */
export const priorityLevelConfigurationKind = standardKind<PriorityLevelConfiguration>({
  names: {
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    kind: 'PriorityLevelConfiguration',
    plural: 'prioritylevelconfigurations',
    namespaced: false,
  },
  schema: priorityLevelConfiguration,
  columns: priorityLevelColumns,
  subresources: [{ name: 'status', kind: 'PriorityLevelConfiguration', verbs: ['get', 'patch', 'update'] }],
  strategy: {
    generation: 'managed',
    revalidatesMetadata: true,
    prepareCreate: ({ status: _sent, ...object }) => ({ ...object, status: {} }),
    validate: validatePriorityLevel,
    validateUpdate: validatePriorityLevel,
    validateStatus: validatePriorityLevelStatus,
    statusMetadata: ownersOnly,
    unowned: { '': [['status']], status: [['spec'], ['metadata']] },
  },
});
