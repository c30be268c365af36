import { boolean, f, type Infer, list, object, req, string, time } from '#model';

export const configMapNodeConfigSource = object('io.k8s.api.core.v1.ConfigMapNodeConfigSource', '', {
  kubeletConfigKey: req(string, 5, ''),
  name: req(string, 2, ''),
  namespace: req(string, 1, ''),
  resourceVersion: f(string, 4, ''),
  uid: f(string, 3, ''),
});
export type ConfigMapNodeConfigSource = Infer<typeof configMapNodeConfigSource>;

export const nodeConfigSource = object('io.k8s.api.core.v1.NodeConfigSource', '', {
  configMap: f(configMapNodeConfigSource, 2, ''),
});
export type NodeConfigSource = Infer<typeof nodeConfigSource>;

export const taint = object('io.k8s.api.core.v1.Taint', '', {
  effect: req(string, 3, ''),
  key: req(string, 1, ''),
  timeAdded: f(time, 4, '', { pointer: true }),
  value: f(string, 2, ''),
});
export type Taint = Infer<typeof taint>;

export const nodeSpec = object('io.k8s.api.core.v1.NodeSpec', '', {
  configSource: f(nodeConfigSource, 6, ''),
  externalID: f(string, 2, ''),
  podCIDR: f(string, 1, ''),
  podCIDRs: f(list(string), 7, '', { listType: 'set', patchStrategy: 'merge' }),
  providerID: f(string, 3, ''),
  taints: f(list(taint), 5, '', { listType: 'atomic' }),
  unschedulable: f(boolean, 4, ''),
});
export type NodeSpec = Infer<typeof nodeSpec>;
