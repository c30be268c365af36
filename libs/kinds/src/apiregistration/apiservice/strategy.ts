import { pathSegment } from '#meta';
import type { Strategy } from '#model';
import { toTime } from '#std';
import { LOCALLY_AVAILABLE } from './available.js';
import type { ApiService } from './schema.js';
import { validateApiService, validateApiServiceStatus } from './validate.js';

export const apiServiceStrategy: Strategy<ApiService> = {
  name: pathSegment,
  revalidatesMetadata: true,
  unconditionalUpdate: false,
  registryPrefix: 'kube-aggregator.kubernetes.io/apiservices',
  prepareCreate: ({ status: _sent, ...object }, { now }) => ({
    ...(object as ApiService),
    status: object.spec.service ? {} : { conditions: [{ ...LOCALLY_AVAILABLE, lastTransitionTime: toTime(now) }] },
  }),
  validate: validateApiService,
  validateUpdate: validateApiService,
  validateStatus: validateApiServiceStatus,
  statusMetadata: (written, old) => {
    const { labels: _l, annotations: _a, finalizers: _f, ownerReferences: _o, ...metadata } = written.metadata;
    const { labels, annotations, finalizers, ownerReferences } = old.metadata;
    return {
      ...metadata,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ...(ownerReferences && { ownerReferences }),
    };
  },
  unowned: { '': [['status']], status: [['spec'], ['metadata']] },
};
