import { boolean, f, int32, list, named, object, objectMeta, req, string, type Infer } from '#model';
import type { Stored } from '#model';
import { conditionedStatus, FLOW_CONTROL } from '../status.schema.js';

const set = { listType: 'set' } as const;
const atomic = { listType: 'atomic' } as const;

const level = object(`${FLOW_CONTROL}.PriorityLevelConfigurationReference`, 'Names a priority level.', {
  name: req(string, 1, 'Name of the PriorityLevelConfiguration.'),
});
const distinguisher = object(`${FLOW_CONTROL}.FlowDistinguisherMethod`, 'What separates the flows of a schema.', {
  type: req(named('v1.FlowDistinguisherMethodType'), 1, 'ByUser or ByNamespace.'),
});
const user = object(`${FLOW_CONTROL}.UserSubject`, 'A user.', {
  name: req(string, 1, 'Name of the user; * is every.'),
});
const group = object(`${FLOW_CONTROL}.GroupSubject`, 'A group of users.', {
  name: req(string, 1, 'Name of the group; * is every.'),
});
const account = object(`${FLOW_CONTROL}.ServiceAccountSubject`, 'Service accounts.', {
  namespace: req(string, 1, 'Namespace of the account.'),
  name: req(string, 2, 'Name of the account; * is every account of the namespace.'),
});
const subject = object(`${FLOW_CONTROL}.Subject`, 'Whose requests a rule matches.', {
  kind: req(named('v1.SubjectKind'), 1, 'Group, ServiceAccount or User.'),
  user: f(user, 2, 'The user, for kind User only.'),
  group: f(group, 3, 'The group, for kind Group only.'),
  serviceAccount: f(account, 4, 'The accounts, for kind ServiceAccount only.'),
});
export type FlowSubject = Infer<typeof subject>;

const resourceRule = object(`${FLOW_CONTROL}.ResourcePolicyRule`, 'Requests for resources.', {
  verbs: req(list(string), 1, 'Verbs; * is every.', set),
  apiGroups: req(list(string), 2, 'API groups; * is every.', set),
  resources: req(list(string), 3, 'Resources and resource/subresource; * is every.', set),
  clusterScope: f(boolean, 4, 'Whether requests without a namespace match.'),
  namespaces: f(list(string), 5, 'Namespaces; * is every.', set),
});
export type FlowResourceRule = Infer<typeof resourceRule>;
const pathRule = object(`${FLOW_CONTROL}.NonResourcePolicyRule`, 'Requests for paths that are no resources.', {
  verbs: req(list(string), 1, 'Verbs; * is every.', set),
  nonResourceURLs: req(list(string), 6, 'Paths; a * at the end stands for anything.', set),
});
export type FlowPathRule = Infer<typeof pathRule>;
const rules = object(`${FLOW_CONTROL}.PolicyRulesWithSubjects`, 'Requests of some subjects.', {
  subjects: req(list(subject), 1, 'Whose requests match: those of any of these.', atomic),
  resourceRules: f(list(resourceRule), 2, 'Which requests for resources match: those of any of these.', atomic),
  nonResourceRules: f(list(pathRule), 3, 'Which other requests match: those of any of these.', atomic),
});
export type FlowRules = Infer<typeof rules>;

const spec = object(`${FLOW_CONTROL}.FlowSchemaSpec`, 'Which requests have which priority level.', {
  priorityLevelConfiguration: req(level, 1, 'The priority level.', { always: {} }),
  matchingPrecedence: f(int32, 2, 'The matching schema with the lowest number counts; 1000 by default.', {
    ...{ default: 0, fill: 1000 },
  }),
  distinguisherMethod: f(distinguisher, 3, 'What separates flows. Absent: all requests of the schema are one.'),
  rules: f(list(rules), 4, 'Which requests match: those of any of these.', atomic),
});
export type FlowSchemaSpec = Infer<typeof spec>;

export const flowSchema = object(
  `${FLOW_CONTROL}.FlowSchema`,
  'Gives requests to the API server a priority level.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(spec, 2, 'Which requests, and which level.', { always: {} }),
    status: f(conditionedStatus('FlowSchema'), 3, 'Observed state.', { always: {} }),
  },
  { gvk: ['flowcontrol.apiserver.k8s.io/v1 FlowSchema'] },
);
export type FlowSchema = Stored<typeof flowSchema, 'spec'>;
