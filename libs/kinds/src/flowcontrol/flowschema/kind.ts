import { standardKind } from '#model';
import { ownersOnly } from '../../status-metadata.js';
import { flowSchemaColumns } from './columns.js';
import { flowSchema, type FlowSchema } from './schema.js';
import { validateFlowSchema, validateFlowSchemaStatus } from './validate.js';

/** Gives requests to the API server a priority level. */
export const flowSchemaKind = standardKind<FlowSchema>({
  names: {
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    kind: 'FlowSchema',
    plural: 'flowschemas',
    namespaced: false,
  },
  schema: flowSchema,
  columns: flowSchemaColumns,
  subresources: [{ name: 'status', kind: 'FlowSchema', verbs: ['get', 'patch', 'update'] }],
  strategy: {
    generation: 'managed',
    revalidatesMetadata: true,
    prepareCreate: ({ status: _sent, ...object }) => ({ ...object, status: {} }),
    validate: validateFlowSchema,
    validateUpdate: validateFlowSchema,
    validateStatus: validateFlowSchemaStatus,
    statusMetadata: ownersOnly,
    unowned: { '': [['status']], status: [['spec'], ['metadata']] },
  },
});
