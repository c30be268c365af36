import type { Condition } from '#meta';
import { boolean, byte, f, int32, list, object, req, string, time, objectMeta } from '#model';
import type { KubeObject } from '#model';

const P = 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1';

const serviceReference = object(`${P}.ServiceReference`, 'A port of a service.', {
  namespace: f(string, 1, 'Namespace of the service.'),
  name: f(string, 2, 'Name of the service.'),
  port: f(int32, 3, 'Port of the service, 443 by default.', { pointer: true, fill: 443 }),
});
const spec = object(`${P}.APIServiceSpec`, 'A group version and the server of its resources.', {
  service: f(
    serviceReference,
    1,
    'Service of the aggregated server. Absent: this server has the group version itself.',
  ),
  group: f(string, 2, 'API group; empty for core.'),
  version: f(string, 3, 'Version of the group.'),
  insecureSkipTLSVerify: f(boolean, 4, 'Whether the certificate of the aggregated server is not verified.'),
  caBundle: f(byte, 5, 'PEM certificates of the CAs that verify the aggregated server.', { listType: 'atomic' }),
  groupPriorityMinimum: req(int32, 7, 'Priority of the group in discovery, at least. Higher ones come first.'),
  versionPriority: req(int32, 8, 'Priority of the version within its group. Higher ones come first.'),
});
const condition = object(`${P}.APIServiceCondition`, 'One condition of an APIService.', {
  type: req(string, 1, 'Type of the condition.'),
  status: req(string, 2, 'True, False or Unknown.'),
  lastTransitionTime: f(time, 3, 'Time of the last change of the status.', { always: null }),
  reason: f(string, 4, 'Reason of the last change, in one CamelCase word.'),
  message: f(string, 5, 'Details of the last change.'),
});
const status = object(`${P}.APIServiceStatus`, 'Observed state of an APIService.', {
  conditions: f(list(condition), 1, 'Current conditions.', {
    ...{ listType: 'map', mapKeys: ['type'], mergeKey: 'type' },
    patchStrategy: 'merge',
  }),
});

export const apiService = object(
  `${P}.APIService`,
  'Says which server has a group version of the API.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(spec, 2, 'The group version and its server.', { always: {} }),
    status: f(status, 3, 'Observed state.', { always: {} }),
  },
  { gvk: ['apiregistration.k8s.io/v1 APIService'] },
);

export interface ApiServiceRef {
  readonly namespace?: string;
  readonly name?: string;
  readonly port?: number;
}
export interface ApiService extends KubeObject {
  readonly spec: {
    readonly service?: ApiServiceRef;
    readonly group?: string;
    readonly version?: string;
    readonly insecureSkipTLSVerify?: boolean;
    /** Base64 of PEM. */
    readonly caBundle?: string;
    readonly groupPriorityMinimum: number;
    readonly versionPriority: number;
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}
