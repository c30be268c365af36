import { boolean, f, type Infer, list, named, object, req, string, time } from '#model';

export const configMapNodeConfigSource = object(
  'io.k8s.api.core.v1.ConfigMapNodeConfigSource',
  'Configuration in a ConfigMap; not used any more.',
  {
    namespace: req(string, 1, 'Namespace of the ConfigMap.'),
    name: req(string, 2, 'Name of the ConfigMap.'),
    uid: f(named('types.UID'), 3, 'UID of the ConfigMap.'),
    resourceVersion: f(string, 4, 'State of the ConfigMap.'),
    kubeletConfigKey: req(string, 5, 'Key of the configuration.'),
  },
);
export type ConfigMapNodeConfigSource = Infer<typeof configMapNodeConfigSource>;

export const nodeConfigSource = object(
  'io.k8s.api.core.v1.NodeConfigSource',
  "Where a node's configuration comes from; not used any more.",
  {
    configMap: f(configMapNodeConfigSource, 2, 'A ConfigMap that holds it.'),
  },
);
export type NodeConfigSource = Infer<typeof nodeConfigSource>;

export const taint = object('io.k8s.api.core.v1.Taint', 'Keeps away pods that do not tolerate it.', {
  key: req(string, 1, 'Key of the taint.'),
  value: f(string, 2, 'Value of the taint.'),
  effect: req(named('v1.TaintEffect'), 3, 'NoSchedule, PreferNoSchedule or NoExecute.'),
  timeAdded: f(time, 4, 'When it was added.', { pointer: true }),
});
export type Taint = Infer<typeof taint>;

export const nodeSpec = object('io.k8s.api.core.v1.NodeSpec', 'What is wanted of a node.', {
  podCIDR: f(string, 1, "Range of addresses for the node's pods."),
  podCIDRs: f(list(string), 7, "Ranges of addresses for the node's pods, one for each family.", {
    listType: 'set',
    patchStrategy: 'merge',
  }),
  providerID: f(string, 3, 'Id of the machine at its provider.'),
  unschedulable: f(boolean, 4, 'Whether no new pod is placed here.'),
  taints: f(list(taint), 5, 'What keeps pods away.', { listType: 'atomic' }),
  configSource: f(nodeConfigSource, 6, 'Not used any more.'),
  externalID: f(string, 2, 'Not used any more.'),
});
export type NodeSpec = Infer<typeof nodeSpec>;
